import { ADVANCE_BITS, END_OF_BLOCK, SHORT_BITS } from './huffman-table.ts';
import type { HuffmanTable } from './huffman-table.ts';

/** What one scan of a JPEG should hold. */
export interface JpegScan {
  /** Where the coded data begin. */
  readonly start: number;
  /** The tables of each block of an MCU (the smallest unit of a scan), in order. */
  readonly blocks: readonly BlockTables[];
  readonly mcus: number;
  /** MCUs between restart markers; 0 without any. */
  readonly restartInterval: number;
}

export interface BlockTables {
  readonly dc: HuffmanTable;
  readonly ac: HuffmanTable;
}

export type ScanFault = 'nonsense' | 'too_short' | 'too_long';

export interface WalkedScan {
  readonly fault: ScanFault | null;
  /** Complete ones, up to the fault. */
  readonly mcus: number;
  /** Where the marker after the scan begins, or the end of the file. */
  readonly end: number;
}

/**
 * Goes through the coded data of a sequential scan from code to code, without decoding a pixel. Never throws, and takes
 * a time linear in the bytes, whatever they are: every code has at least one bit.
 */
export function walkScan(bytes: Uint8Array, { start, blocks, mcus, restartInterval }: JpegScan): WalkedScan {
  const data = new Uint8Array(bytes.length - start + SLACK_BYTES);
  let at = start;
  let done = 0;
  for (let restarts = 0; ; restarts++) {
    const { length, end } = unstuff(bytes, at, data);
    const goal = restartInterval === 0 ? mcus : Math.min(mcus, done + restartInterval);
    const bits = 8 * length;
    let bit = 0;
    for (; done < goal; done++) {
      for (const { dc, ac } of blocks) {
        bit = walkBlock(data, bit, dc, ac);
        if (bit === NONSENSE) return { fault: 'nonsense', mcus: done, end };
        if (bit > bits) return { fault: 'too_short', mcus: done, end };
      }
    }
    // The padding of the last byte is not checked: the standard says ones, but nothing depends on it.
    if (!isEmpty(data, (bit + 7) >> 3, length)) return { fault: 'too_long', mcus: done, end };
    if (done === mcus) return { fault: null, mcus: done, end };
    if (bytes[end + 1] !== RST0 + (restarts & 7)) return { fault: 'too_short', mcus: done, end };
    at = end + 2;
  }
}

const RST0 = 0xd0;
const NONSENSE = -1;
/**
 * The longest block is 64 codes and values of 31 bits; whether it ran over the end of the data is asked when it is
 * over.
 */
const SLACK_BYTES = 64 * 4;

/** Where the block ends, in bits; or NONSENSE. */
function walkBlock(data: Uint8Array, from: number, dc: HuffmanTable, ac: HuffmanTable): number {
  const { short, all } = ac;
  let next = peek(data, from);
  let step = dc.all[next]!;
  if (step === 0) return NONSENSE;
  let bit = from + (step & ADVANCE_MASK);
  let coefficients = 1;
  do {
    next = peek(data, bit);
    step = short[next >> (16 - SHORT_BITS)]!;
    if (step === 0) {
      step = all[next]!;
      if (step === 0) return NONSENSE;
    }
    bit += step & ADVANCE_MASK;
    coefficients += step >> ADVANCE_BITS;
  } while (coefficients < 64);
  return coefficients === 64 || coefficients >= END_OF_BLOCK ? bit : NONSENSE;
}

const ADVANCE_MASK = (1 << ADVANCE_BITS) - 1;

/** The next 16 bits. */
function peek(data: Uint8Array, bit: number): number {
  const at = bit >> 3;
  return (((data[at]! << 16) | (data[at + 1]! << 8) | data[at + 2]!) >> (8 - (bit & 7))) & 0xffff;
}

/** Some cameras pad a scan with zeros. */
function isEmpty(data: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (data[i] !== 0) return false;
  return true;
}

/** Copies coded data up to the next marker; a byte 0xff that belongs to them is 0xff 0x00 in the file. */
function unstuff(bytes: Uint8Array, start: number, to: Uint8Array): { length: number; end: number } {
  let length = 0;
  let at = start;
  while (at < bytes.length) {
    const byte = bytes[at]!;
    if (byte !== 0xff) {
      to[length++] = byte;
      at++;
      continue;
    }
    // Any number of 0xff may stand before the byte that says what it is.
    let next = at + 1;
    while (bytes[next] === 0xff) next++;
    if (next >= bytes.length) return { length, end: bytes.length };
    if (bytes[next] !== 0) return { length, end: next - 1 };
    to[length++] = 0xff;
    at = next + 1;
  }
  return { length, end: at };
}
