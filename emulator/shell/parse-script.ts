/** One command of a script. */
export interface Command {
  /** How it depends on the one before: `;` runs it in any case. */
  after: ';' | '&&' | '||';
  words: string[];
  /** `> path` and `>> path` */
  output?: { path: string; isAppended: boolean };
  /** `<<< text` */
  input?: string;
}

type Token = { word: string } | { sign: string };

/** Longest first. Everything else that a shell would understand is refused, variables above all. */
const SIGNS = ['<<<', '&&', '||', '>>', '>', ';'];
const PLAIN = /[A-Za-z0-9_./:=@%+,-]/;

/**
 * Parses the small part of bash that the emulator understands: commands of plain and quoted words, joined by `;`, `&&`
 * and `||`, with `>`, `>>` and `<<<`. Throws SyntaxError for anything else, rather than do something that a shell would
 * not.
 */
export function parseScript(script: string): Command[] {
  const commands: Command[] = [];
  let after: Command['after'] = ';';
  let open: Command = { after, words: [] };
  const tokens = tokenize(script);
  const close = (): void => {
    if (open.words.length === 0) throw new SyntaxError(`a command is missing at "${after}"`);
    commands.push(open);
  };
  for (let at = 0; at < tokens.length; at += 1) {
    const token = tokens[at]!;
    if ('word' in token) open.words.push(token.word);
    else if (token.sign === ';' || token.sign === '&&' || token.sign === '||') {
      close();
      after = token.sign;
      open = { after, words: [] };
    } else {
      at += 1;
      const operand = tokens[at];
      if (operand === undefined || !('word' in operand)) throw new SyntaxError(`nothing follows "${token.sign}"`);
      if (token.sign === '<<<') open.input = operand.word;
      else open.output = { path: operand.word, isAppended: token.sign === '>>' };
    }
  }
  if (open.words.length > 0 || after !== ';') close();
  return commands;
}

function tokenize(script: string): Token[] {
  const tokens: Token[] = [];
  let word: string | null = null;
  const endWord = (): void => {
    if (word !== null) tokens.push({ word });
    word = null;
  };
  for (let at = 0; at < script.length; at += 1) {
    const char = script.charAt(at);
    const sign = SIGNS.find((candidate) => script.startsWith(candidate, at));
    if (char === '"' || char === "'") {
      const end = script.indexOf(char, at + 1);
      if (end < 0) throw new SyntaxError(`no closing ${char}`);
      const quoted = script.slice(at + 1, end);
      if (char === '"' && /[$`\\]/.test(quoted)) throw new SyntaxError('a variable or backslash between double quotes');
      word = (word ?? '') + quoted;
      at = end;
    } else if (PLAIN.test(char)) word = (word ?? '') + char;
    else if (char === ' ') endWord();
    else if (sign !== undefined) {
      endWord();
      tokens.push({ sign });
      at += sign.length - 1;
    } else throw new SyntaxError(`"${char}" is not understood`);
  }
  endWord();
  return tokens;
}
