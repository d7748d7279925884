/** NUL and halves of surrogate pairs: JSON can carry them, PostgreSQL cannot store them. */
const UNSTORABLE = /\0|\p{Surrogate}/u;

/** Whether a text contains a character that our database cannot store. */
export function isUnstorable(text: string): boolean {
  return UNSTORABLE.test(text);
}

/** The last characters of a text, at most `length` UTF-16 units, without cutting one in half. */
export function tailOf(text: string, length: number): string {
  const tail = text.slice(-length);
  return /^[\uDC00-\uDFFF]/.test(tail) ? tail.slice(1) : tail;
}
