/** Where the trigger word is in a caption. The search is case-sensitive, as in trainers. */

/** Latin letters only: in scripts without spaces a word can begin anywhere. */
const INSIDE_WORD = '\\p{Script=Latin}\\p{N}_';

/** Replaces AI Toolkit's marks, which other trainers do not know. */
export function fillMarks(text: string, triggerWord: string): string {
  return text.replace(/\[(trigger|name)\]/gi, () => triggerWord);
}

/** True when the trigger word occurs as a word of its own; `tok` in `token` does not count. */
export function hasTrigger(line: string, triggerWord: string): boolean {
  return indexOfTrigger(line, triggerWord) >= 0;
}

/**
 * The same line with the trigger word in it once: in front when it is missing, the first one when there are several.
 */
export function withTriggerOnce(line: string, triggerWord: string): string {
  const at = indexOfTrigger(line, triggerWord);
  if (at < 0) return `${triggerWord}, ${line}`;
  const end = at + triggerWord.length;
  return line.slice(0, end) + withoutTrigger(line.slice(end), triggerWord);
}

/**
 * Removes the trigger word and tidies up commas and spaces around the gap. Hyphenated words (`ohwx-style`) stay whole.
 */
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
