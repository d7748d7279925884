/** NUL and halves of surrogate pairs: JSON can carry them, PostgreSQL cannot store them. */
const UNSTORABLE = /\0|\p{Surrogate}/u;

/** Whether a text holds a character that no database of ours can store. */
export function isUnstorable(text: string): boolean {
  return UNSTORABLE.test(text);
}

/** The last characters of a text, at most `length` UTF-16 units, without cutting one in half. */
export function tailOf(text: string, length: number): string {
  const tail = text.slice(-length);
  return /^[\uDC00-\uDFFF]/.test(tail) ? tail.slice(1) : tail;
}

/** Replaces control characters, so that a caller's text stays on one line wherever it is shown. */
export function withoutControls(text: string, replacement: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are exactly what is looked for
  return text.replace(/[\u0000-\u001f\u007f]/g, replacement);
}
