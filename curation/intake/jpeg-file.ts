import { huffmanTable } from './huffman-table.ts';
import type { HuffmanCodes, HuffmanTable } from './huffman-table.ts';
import { walkScan } from './jpeg-scan.ts';
import type { BlockTables, JpegScan, ScanFault } from './jpeg-scan.ts';

export type Wholeness =
  | { readonly status: 'whole' }
  | { readonly status: 'damaged'; readonly message: string }
  | { readonly status: 'unknown' };

/**
 * Says whether all data of a JPEG are there and make sense. Looks into scans of Huffman codes that are not progressive;
 * of others it wants the end alone, and says 'unknown': there libvips notices damage itself. What follows the end is
 * not looked at: phones append videos and further pictures. Never throws; takes a time linear in the bytes.
 *
 * Measured 2026-11-21. Damage in the scan, 40 files each: of 4 KiB or 600 bytes all 40 noticed, whether random, random
 * without 0xff, zeros or lost; of 40 bytes 38, 36, 26 and 28. libvips alone noticed none of 40 with 4 KiB without 0xff.
 * No false alarm on 431 real photos, 183 of them sequential.
 */
export function walkJpeg(bytes: Uint8Array): Wholeness {
  // Places are counted in bits, in 32 bits. Photos have a tenth of this.
  if (bytes.length > 2 ** 28 - 2 ** 10) return UNKNOWN;
  const codes: Codes = new Map();
  const missing = new Set<number>();
  let frame: Frame | null = null;
  let restartInterval = 0;
  let at = 2;
  for (;;) {
    while (bytes[at] === 0xff && bytes[at + 1] === 0xff) at++;
    if (at + 2 > bytes.length) return damaged(NO_END);
    if (bytes[at] !== 0xff) return UNKNOWN;
    const marker = bytes[at + 1]!;
    at += 2;
    if (marker === EOI) {
      if (!frame?.isSequential) return UNKNOWN;
      return missing.size === 0 ? WHOLE : damaged('a channel is missing');
    }
    if (isRestart(marker)) continue;
    if (marker < SOF0 || marker === SOI) return UNKNOWN;
    if (at + 2 > bytes.length) return damaged(NO_END);
    const length = (bytes[at]! << 8) | bytes[at + 1]!;
    if (length < 2) return UNKNOWN;
    if (at + length > bytes.length) return damaged(NO_END);
    const segment = bytes.subarray(at + 2, at + length);
    at += length;
    if (marker === DHT) {
      if (!readCodes(segment, codes)) return UNKNOWN;
    } else if (marker >= SOF0 && marker <= SOF15) {
      if (frame) return UNKNOWN;
      frame = readFrame(segment, marker);
      for (const { id } of frame?.components ?? []) missing.add(id);
    } else if (marker === DRI) {
      restartInterval = segment.length === 2 ? (segment[0]! << 8) | segment[1]! : 0;
    } else if (marker === SOS) {
      if (!frame) return UNKNOWN;
      if (!frame.isSequential) {
        at = endOfScan(bytes, at);
        continue;
      }
      const scan = readScan(segment, frame, codes);
      // Each channel comes once: a file cannot ask for many walks through it.
      if (!scan?.channels.every((channel) => missing.delete(channel))) return UNKNOWN;
      const { fault, mcus, end } = walkScan(bytes, { ...scan, start: at, restartInterval });
      if (fault) return damaged(faultMessage(fault, Math.floor((100 * mcus) / scan.mcus)));
      at = end;
    }
  }
}

const SOF0 = 0xc0;
const SOF1 = 0xc1;
const DHT = 0xc4;
const SOF15 = 0xcf;
const RST0 = 0xd0;
const SOI = 0xd8;
const EOI = 0xd9;
const SOS = 0xda;
const DRI = 0xdd;

const WHOLE: Wholeness = { status: 'whole' };
const UNKNOWN: Wholeness = { status: 'unknown' };
const NO_END = 'its end is missing';

/** By class and place, as DHT segments name them: 0x00 to 0x03 for DC, 0x10 to 0x13 for AC. */
type Codes = Map<number, HuffmanCodes>;

interface Frame {
  readonly isSequential: boolean;
  readonly width: number;
  readonly height: number;
  readonly components: readonly Component[];
}

interface Component {
  readonly id: number;
  /** Samples against those of the other components. */
  readonly across: number;
  readonly down: number;
}

function isRestart(marker: number): boolean {
  return marker >= RST0 && marker < SOI;
}

/** Null for what we do not know; a height of 0 among it, which would be told after the scan. */
function readFrame(segment: Uint8Array, marker: number): Frame | null {
  const count = segment[5] ?? 0;
  if (count < 1 || count > 4 || segment.length !== 6 + 3 * count) return null;
  const height = (segment[1]! << 8) | segment[2]!;
  const width = (segment[3]! << 8) | segment[4]!;
  const components = Array.from({ length: count }, (_, i): Component => {
    const sampling = segment[7 + 3 * i]!;
    return { id: segment[6 + 3 * i]!, across: sampling >> 4, down: sampling & 15 };
  });
  if (height === 0 || width === 0 || new Set(components.map(({ id }) => id)).size < count) return null;
  if (components.some(({ across, down }) => across < 1 || across > 4 || down < 1 || down > 4)) return null;
  return { isSequential: marker <= SOF1 && segment[0] === 8, width, height, components };
}

function readCodes(segment: Uint8Array, codes: Codes): boolean {
  for (let at = 0; at < segment.length;) {
    const name = segment[at]!;
    const counts = segment.subarray(at + 1, at + 17);
    const total = counts.reduce((sum, count) => sum + count, 0);
    const symbols = segment.subarray(at + 17, at + 17 + total);
    if ((name & ~0x13) !== 0 || counts.length < 16 || symbols.length < total) return false;
    codes.set(name, { kind: name < 0x10 ? 'dc' : 'ac', counts, symbols });
    at += 17 + total;
  }
  return true;
}

type ScanHeader = Pick<JpegScan, 'blocks' | 'mcus'> & { readonly channels: readonly number[] };

/** Null when the scan names a channel or a table that is not there. */
function readScan(segment: Uint8Array, frame: Frame, codes: Codes): ScanHeader | null {
  const count = segment[0] ?? 0;
  if (count < 1 || count > 4 || segment.length !== 4 + 2 * count) return null;
  const tables = new Map<number, HuffmanTable | null>();
  const tableOf = (name: number) => {
    const known = codes.get(name);
    if (!tables.has(name)) tables.set(name, known ? huffmanTable(known) : null);
    return tables.get(name)!;
  };
  const widest = Math.max(...frame.components.map(({ across }) => across));
  const highest = Math.max(...frame.components.map(({ down }) => down));
  const channels: number[] = [];
  const blocks: BlockTables[] = [];
  let mcus = Math.ceil(frame.width / (8 * widest)) * Math.ceil(frame.height / (8 * highest));
  for (let i = 0; i < count; i++) {
    const component = frame.components.find(({ id }) => id === segment[1 + 2 * i]);
    const names = segment[2 + 2 * i]!;
    const dc = tableOf(names >> 4);
    const ac = tableOf(0x10 | (names & 15));
    if (!component || !dc || !ac) return null;
    const { id, across, down } = component;
    channels.push(id);
    if (count === 1) {
      // Alone, a channel is stored block by block, without those that only fill up the others' units.
      const columns = Math.ceil(Math.ceil((frame.width * across) / widest) / 8);
      mcus = columns * Math.ceil(Math.ceil((frame.height * down) / highest) / 8);
      blocks.push({ dc, ac });
    } else {
      for (let block = 0; block < across * down; block++) blocks.push({ dc, ac });
    }
  }
  return { channels, blocks, mcus };
}

function endOfScan(bytes: Uint8Array, start: number): number {
  for (let at = bytes.indexOf(0xff, start); at >= 0; at = bytes.indexOf(0xff, at + 1)) {
    const next = bytes[at + 1] ?? 0;
    if (next !== 0 && next !== 0xff && !isRestart(next)) return at;
  }
  return bytes.length;
}

function faultMessage(fault: ScanFault, percent: number): string {
  switch (fault) {
    case 'nonsense':
      return `the picture makes no sense from about ${percent} % on`;
    case 'too_short':
      return `bits of the picture are missing at ${percent} %`;
    case 'too_long':
      return `there is more data than the picture needs`;
  }
}

function damaged(message: string): Wholeness {
  return { status: 'damaged', message };
}
