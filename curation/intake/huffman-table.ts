/** Steps through coded data by looking the next bits up. A step is 0 where no code begins. */
export interface HuffmanTable {
  /** Steps by the next SHORT_BITS bits, for codes that are no longer; small enough to stay in the processor's cache. */
  readonly short: Uint16Array;
  /** Steps by the next 16 bits. */
  readonly all: Uint16Array;
}

export const SHORT_BITS = 10;

/** In the low bits of a step: how many bits to go on, for code and value together. Above: how many coefficients that covers. */
export const ADVANCE_BITS = 5;

/** Covers a block of 64 whatever came before: its end was announced. */
export const END_OF_BLOCK = 128;

export interface HuffmanCodes {
  readonly kind: 'dc' | 'ac';
  /** How many codes there are of 1, 2 … 16 bits. */
  readonly counts: Uint8Array;
  /** What they stand for, shortest code first. */
  readonly symbols: Uint8Array;
}

/** Spreads the codes of a DHT segment out (ITU-T T.81, annex C); null when they do not fit into 16 bits. */
export function huffmanTable({ kind, counts, symbols }: HuffmanCodes): HuffmanTable | null {
  const short = new Uint16Array(1 << SHORT_BITS);
  const all = new Uint16Array(1 << 16);
  let from = 0;
  let next = 0;
  for (let length = 1; length <= 16; length++) {
    for (let i = 0; i < counts[length - 1]!; i++) {
      const to = from + (1 << (16 - length));
      if (to > all.length) return null;
      const symbol = symbols[next++]!;
      const step = kind === 'dc' ? dcStep(length, symbol) : acStep(length, symbol);
      all.fill(step, from, to);
      if (length <= SHORT_BITS) short.fill(step, from >> (16 - SHORT_BITS), to >> (16 - SHORT_BITS));
      from = to;
    }
  }
  return { short, all };
}

/** The symbol is the number of bits of the value; 11 are the most that 8 bits per sample need, 15 the most that libjpeg takes. */
function dcStep(length: number, symbol: number): number {
  return symbol > 15 ? 0 : step(length + symbol, 1);
}

/** The symbol is a run of zeros and the number of bits of the value behind it. */
function acStep(length: number, symbol: number): number {
  const [run, bits] = [symbol >> 4, symbol & 15];
  if (bits > 0) return step(length + bits, run + 1);
  if (run === 0) return step(length, END_OF_BLOCK);
  // Other runs without a value mean something in progressive files only.
  return run === 15 ? step(length, 16) : 0;
}

function step(advance: number, coefficients: number): number {
  return advance | (coefficients << ADVANCE_BITS);
}
