/** What is removed from every caption, whoever wrote it. */
import { LIMITS } from '../limits.ts';

/**
 * Makes one line, NFC, without control characters, direction marks and invisible characters; `${` (read as a variable
 * by configuration files) and AI Toolkit's own marks `[trigger]` and `[name]` lose their meaning. May return an empty
 * text.
 */
export function cleanCaption(text: string): string {
  return text
    .replace(/[\u00ad\u200b\u2060\u{e0000}-\u{e007f}]+/gu, '')
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]+/gu, ' ')
    .normalize('NFC')
    .replace(/\$+\{/g, '{')
    .replace(/\[+(trigger|name)\]/gi, '$1')
    .replace(/\s+/g, ' ')
    .trim();
}

/** Characters as a person counts them, and as the limit does: a surrogate pair is one. */
export function captionLength(line: string): number {
  return Array.from(line).length;
}

/** The first 1,000 characters, never half of a surrogate pair. */
export function cutCaption(line: string): string {
  return captionLength(line) <= LIMITS.maxCaptionLength
    ? line
    : Array.from(line).slice(0, LIMITS.maxCaptionLength).join('').trimEnd();
}
