/**
 * Splits a text into words like a shell (quotes, backslashes, comments), without running anything: what RunPod does
 * with `args` (runpod/runpodctl pull request 314, 2026-07-28; rules of google/shlex). Throws SyntaxError for an open
 * quote.
 */
export function splitArgs(text: string): string[] {
  const words: string[] = [];
  let word: string | null = null;
  for (let at = 0; at < text.length; at += 1) {
    const char = text.charAt(at);
    if (/\s/.test(char)) {
      if (word !== null) words.push(word);
      word = null;
    } else if (char === '#' && word === null) {
      at = lineEnd(text, at);
    } else if (char === "'" || char === '"') {
      const quoted = readQuoted(text, at);
      word = (word ?? '') + quoted.text;
      at = quoted.end;
    } else if (char === '\\') {
      at += 1;
      if (at >= text.length) throw new SyntaxError('nothing follows a backslash');
      word = (word ?? '') + text.charAt(at);
    } else {
      word = (word ?? '') + char;
    }
  }
  if (word !== null) words.push(word);
  return words;
}

/** Single quotes keep everything; in double quotes a backslash takes the next character as it is. */
function readQuoted(text: string, start: number): { text: string; end: number } {
  const quote = text.charAt(start);
  let found = '';
  for (let at = start + 1; at < text.length; at += 1) {
    const char = text.charAt(at);
    if (char === quote) return { text: found, end: at };
    if (char === '\\' && quote === '"') {
      at += 1;
      found += text.charAt(at);
    } else found += char;
  }
  throw new SyntaxError(`no closing ${quote}`);
}

function lineEnd(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end < 0 ? text.length : end;
}
