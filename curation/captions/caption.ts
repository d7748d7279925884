/** What a trainer reads beside each photo: one line of text with the trigger word in it. */
import type { Description } from '../../core/captioner.ts';
import type { Framing } from '../../core/curation.ts';
import type { CaptionFinding, Warning } from '../report/report.ts';
import { captionLength, cleanCaption, cutCaption } from './clean.ts';
import { cutWarning, emptyWarning, fellBackWarning, lintCaption } from './lint.ts';
import { fillMarks, withTriggerOnce, withoutTrigger } from './trigger.ts';

export interface CaptionInput {
  readonly triggerWord: string;
  /** Null in sets of a style or an object, and when nobody was found. */
  readonly framing: Framing | null;
  /** What the trigger word stands for: "woman", "dog". */
  readonly className?: string | undefined;
  /** The person's own caption; it comes first. Null: none was given. */
  readonly own: string | null;
  /** A model's description of the photo; null: no model was asked. */
  readonly vision: Description | null;
}

export interface Caption extends CaptionFinding {
  readonly warnings: readonly Warning[];
}

const FRAMING_PHRASES: Record<Framing, string> = {
  portrait: 'close-up portrait',
  upper: 'upper body photo',
  full: 'full body photo',
};

/**
 * The person's own caption, else the model's description, else the template; cleaned, with the trigger word, never
 * blank.
 */
export function captionFor(input: CaptionInput): Caption {
  const { triggerWord, vision } = input;
  const own = input.own === null ? '' : cleanCaption(fillMarks(input.own, triggerWord));
  if (own !== '') {
    // Cut first, then look for the trigger word: one beyond the cut is lost.
    const line = cutCaption(own);
    const text = withTriggerOnce(line, triggerWord);
    return { text: cutCaption(text), source: 'person', warnings: lintCaption({ triggerWord, caption: own }) };
  }
  const emptied = input.own === null ? [] : [emptyWarning()];
  const template = templateCaption(input);
  if (vision === null) return { text: template, source: 'template', warnings: emptied };
  if (vision.status === 'failed')
    return { text: template, source: 'template', warnings: [...emptied, fellBackWarning(vision.message)] };
  // The description may repeat the trigger word if it can be read in the picture.
  const described = withoutTrigger(cleanCaption(vision.text), triggerWord).replace(/^[\s,.;:]+/, '');
  if (described === '')
    return {
      text: template,
      source: 'template',
      warnings: [...emptied, fellBackWarning('the description is empty')],
    };
  const text = `${template}, ${described}`;
  return { text: cutCaption(text), source: 'vision', warnings: [...emptied, ...cutWarning(captionLength(text))] };
}

/** "close-up portrait of ohwx woman". A blank caption would train the picture on nothing. */
function templateCaption({ triggerWord, framing, className }: CaptionInput): string {
  const subject = className ? cleanCaption(`${triggerWord} ${className}`) : triggerWord;
  return `${framing === null ? 'a photo' : FRAMING_PHRASES[framing]} of ${subject}`;
}
