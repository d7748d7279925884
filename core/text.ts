/** Replaces control characters, so that a caller's text stays on one line wherever it appears. */
export function withoutControls(text: string, replacement: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are exactly what is looked for
  return text.replace(/[\u0000-\u001f\u007f]/g, replacement);
}
