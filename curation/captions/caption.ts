/** What a trainer reads beside each photo: one line of text with the trigger word in it. */
import { LIMITS } from '../limits.ts';

/** The caption of a photo that has none of its own. Never blank: a blank one would train the picture on nothing. */
export function templateCaption({ triggerWord }: { readonly triggerWord: string }): string {
  return `a photo of ${triggerWord}`;
}

/** The person's own caption, cleaned and with the trigger word; the template when there is nothing left of it. */
export function captionFor({
  triggerWord,
  caption,
}: {
  readonly triggerWord: string;
  readonly caption: string | null;
}): string {
  const placed = (caption ?? '').replace(/\[(trigger|name)\]/gi, () => triggerWord);
  const own = cleanCaption(placed);
  if (own === '') return templateCaption({ triggerWord });
  // AI Toolkit adds a missing trigger word itself, in the same exact sense; other trainers do not.
  return own.includes(triggerWord) ? own : cut(`${triggerWord}, ${own}`);
}

/**
 * Cleans what a person wrote: one line, NFC, no control characters, at most 1,000 characters; `${` (read as a variable by
 * configuration files) and AI Toolkit's own marks `[trigger]` and `[name]` lose their meaning. May return an empty text.
 */
export function cleanCaption(text: string): string {
  const line = text
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]+/gu, ' ')
    .normalize('NFC')
    .replace(/\$+\{/g, '{')
    .replace(/\[+(trigger|name)\]/gi, '$1')
    .replace(/\s+/g, ' ')
    .trim();
  return cut(line);
}

/** Cuts at a whole character, never inside a surrogate pair. */
function cut(line: string): string {
  const characters = Array.from(line);
  return characters.length <= LIMITS.maxCaptionLength
    ? line
    : characters.slice(0, LIMITS.maxCaptionLength).join('').trimEnd();
}
