/** What is not perfect about captions and the trigger word, in sentences that say what to do. */
import { LIMITS } from '../limits.ts';
import type { Warning } from '../report/report.ts';
import { captionLength, cutCaption } from './clean.ts';
import { COMMON_WORDS } from './common-words.ts';
import { hasTrigger } from './trigger.ts';

/** Checks a person's own caption, cleaned and not empty. */
export function lintCaption({
  triggerWord,
  caption,
}: {
  readonly triggerWord: string;
  readonly caption: string;
}): Warning[] {
  const line = cutCaption(caption);
  if (hasTrigger(line, triggerWord)) return cutWarning(captionLength(caption));
  const added: Warning = {
    code: 'caption_without_trigger',
    sentence: `The caption does not say "${triggerWord}" (case matters), so it was added in front.`,
  };
  // With the trigger word added, a caption of nearly the full length is cut too.
  return [added, ...cutWarning(captionLength(caption) + captionLength(`${triggerWord}, `))];
}

/** Checks a set's trigger word: once for the set, not for each photo. */
export function lintTriggerWord(triggerWord: string): Warning[] {
  const words = triggerWord
    .toLowerCase()
    .normalize('NFC')
    .split(/[\s_.\-\p{N}]+/u)
    .filter((word) => word !== '');
  const advice = 'Choose a rare one without a meaning, for example "ohwx" or "zkrpl".';
  // A Chinese name of two characters is long enough.
  if (/^[\p{Script=Latin}\p{N}]{1,2}$/u.test(triggerWord))
    return [
      {
        code: 'trigger_common_word',
        sentence: `The trigger word "${triggerWord}" is so short that it occurs inside many other words. ${advice}`,
      },
    ];
  if (words.length === 0 || !words.every(isCommon)) return [];
  return [
    {
      code: 'trigger_common_word',
      sentence: `The trigger word "${triggerWord}" is a word that the base model already knows: its existing meaning would mix with your pictures, and every prompt that contains it would be affected. ${advice}`,
    },
  ];
}

/** At most one warning; none for a length within the limit. */
export function cutWarning(length: number): Warning[] {
  const { maxCaptionLength } = LIMITS;
  if (length <= maxCaptionLength) return [];
  const sentence = `The caption has ${format(length)} characters; the first ${format(maxCaptionLength)} are used.`;
  return [{ code: 'caption_cut', sentence }];
}

export function emptyWarning(): Warning {
  return {
    code: 'caption_empty',
    sentence: 'The caption that came with the photo is empty, so another one was generated.',
  };
}

/** `why`: the message of a failed description. */
export function fellBackWarning(why: string): Warning {
  return {
    code: 'caption_fell_back',
    sentence: `The photo could not be described, so the template is used as its caption: ${why.replace(/\.$/, '')}.`,
  };
}

function isCommon(word: string): boolean {
  return COMMON_WORDS.has(word) || (word.endsWith('s') && COMMON_WORDS.has(word.slice(0, -1)));
}

function format(count: number): string {
  return count.toLocaleString('en-US');
}
