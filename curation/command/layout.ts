/** Text in columns of a terminal. */

const WIDE =
  /\p{Script=Han}|\p{Script=Hiragana}|\p{Script=Katakana}|\p{Script=Hangul}|\p{Emoji_Presentation}|[\uff01-\uff60]/u;
const NARROWEST = /[\p{Mn}\p{Me}\p{Cf}]/u;

/** The width of a text in columns, as most terminals draw it. */
export function columnsOf(text: string): number {
  let columns = 0;
  for (const character of text) columns += NARROWEST.test(character) ? 0 : WIDE.test(character) ? 2 : 1;
  return columns;
}

/** Pads a text on the right. */
export function padded(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - columnsOf(text)));
}

/** Shortens a text in the middle, because names differ at the end as often as at the beginning. */
export function fitted(text: string, columns: number): string {
  if (columnsOf(text) <= columns) return text;
  const characters = Array.from(text);
  let [head, tail] = ['', ''];
  for (let from = 0, to = characters.length - 1; from <= to;) {
    const takeHead = columnsOf(head) <= columnsOf(tail);
    const next = takeHead ? characters[from++]! : characters[to--]!;
    if (columnsOf(head) + columnsOf(tail) + columnsOf(next) > columns - 1) break;
    if (takeHead) head += next;
    else tail = next + tail;
  }
  return `${head}…${tail}`;
}

/** Breaks a text into lines at spaces; a word that is longer than a line is cut. */
export function wrapped(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/ +/)) {
    for (const piece of pieces(word, columns)) {
      if (line !== '' && columnsOf(line) + 1 + columnsOf(piece) > columns) {
        lines.push(line);
        line = piece;
      } else line = line === '' ? piece : `${line} ${piece}`;
    }
  }
  return [...lines, line];
}

function pieces(word: string, columns: number): string[] {
  const found = [''];
  for (const character of word) {
    const last = found.at(-1)!;
    if (columnsOf(last) + columnsOf(character) > columns) found.push(character);
    else found[found.length - 1] = last + character;
  }
  return found;
}
