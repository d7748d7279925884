/** Where the trigger word stands in a caption. It is looked for as it is written: trainers count it case-sensitively. */

/** Latin letters only: in scripts without blanks a word begins anywhere. */
const INSIDE_WORD = '\\p{Script=Latin}\\p{N}_';

/** Puts AI Toolkit's marks right, which other trainers do not know. */
export function fillMarks(text: string, triggerWord: string): string {
  return text.replace(/\[(trigger|name)\]/gi, () => triggerWord);
}

/** True when the trigger word stands there as a word of its own; `tok` in `token` is none. */
export function hasTrigger(line: string, triggerWord: string): boolean {
  return indexOfTrigger(line, triggerWord) >= 0;
}

/** The same line with the trigger word in it once: in front when it is missing, the first one when there are several. */
export function withTriggerOnce(line: string, triggerWord: string): string {
  const at = indexOfTrigger(line, triggerWord);
  if (at < 0) return `${triggerWord}, ${line}`;
  const end = at + triggerWord.length;
  return line.slice(0, end) + withoutTrigger(line.slice(end), triggerWord);
}

/** Takes the trigger word out and mends commas and blanks around the gap. Hyphenated words (`ohwx-style`) stay whole. */
export function withoutTrigger(text: string, triggerWord: string): string {
  const repeated = new RegExp(
    `(?<![${INSIDE_WORD}\\-])${escapePattern(triggerWord)}(?:['’]s)?(?![${INSIDE_WORD}\\-])`,
    'gu',
  );
  const left = text.replace(repeated, '');
  if (left === text) return text;
  return left
    .replace(/\s+/g, ' ')
    .replace(/ (?=[,.;:!?])/g, '')
    .replace(/,{2,}/g, ',')
    .replace(/[\s,]+$/, '');
}

function indexOfTrigger(line: string, triggerWord: string): number {
  return line.search(new RegExp(`(?<![${INSIDE_WORD}])${escapePattern(triggerWord)}(?![${INSIDE_WORD}])`, 'u'));
}

function escapePattern(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
