/** TIFFs whose directories promise more than the file holds, or whose parts unpack to more than fits into memory. */
import { deflateSync } from 'node:zlib';
import type { HostileContainer } from './container.ts';
import { allWith } from './container.ts';

const MB = 1_000_000;

type Entry = readonly [tag: number, type: 'short' | 'long' | 'bytes' | 'text', count: number, value: number];

const TYPES = { bytes: 1, text: 2, short: 3, long: 4 } as const;

export function hostileTiffs(): HostileContainer[] {
  const strip = deflateSync(Buffer.alloc(900 * 700 * 3, 90));
  const small = { width: 900, height: 700, bits: 8, channels: 3, strip, rowsPerStrip: 700 };
  const shared = Buffer.alloc(25 * MB, 'A');
  const bytesTag = (tag: number): Entry => [tag, 'bytes', shared.length, 0];
  const textTag = (tag: number): Entry => [tag, 'text', shared.length, 0];
  const texts = [270, 271, 272, 285, 305, 306, 315, 316, 33_432].map(textTag);
  return [
    ...allWith('unsafe', {
      'shared-tags.tiff': tiff({ ...small, more: Array.from({ length: 300 }, (_, i) => bytesTag(40_000 + i)), shared }),
      'shared-texts.tiff': tiff({ ...small, more: texts, shared }),
      'profile.tiff': tiff({ ...small, more: [bytesTag(34_675)], shared }),
      'tags.tiff': tiff({
        ...small,
        more: Array.from({ length: 20_000 }, (_, i): Entry => [40_000 + i, 'short', 1, 1]),
      }),
    }),
    ...allWith('animated', { 'pages.tiff': tiff({ ...small, pages: 100_000 }) }),
    ...allWith('unreadable', {
      'page-loop.tiff': tiff({ ...small, next: 8 }),
      'lying-count.tiff': tiff({ ...small, more: [[40_000, 'bytes', 0xffff_ffff, 8]] }),
      'channels.tiff': tiff({ ...small, channels: 30_000, rowsPerStrip: 1 }),
      'next-beyond-the-end.tiff': tiff({ ...small, next: 0xffff_fff0 }),
    }),
    // Below the limit of pixels, in one piece that unpacks to 1.6 GB.
    ...allWith('too_large', { 'strip.tiff': flat({ side: 9_900, bits: 32, channels: 4 }) }),
  ];
}

function flat({
  side,
  bits,
  channels,
}: {
  readonly side: number;
  readonly bits: number;
  readonly channels: number;
}): Buffer {
  const strip = packedZeros((side * side * channels * bits) / 8);
  return tiff({ width: side, height: side, bits, channels, strip, rowsPerStrip: side });
}

/** Zeros as zlib packs them, made without having them: pieces that each end at a byte. */
function packedZeros(sizeBytes: number): Buffer {
  const piece = deflateSync(Buffer.alloc(100 * MB), { finishFlush: 2 }).subarray(2);
  const count = Math.ceil(sizeBytes / (100 * MB));
  const end = Buffer.from([3, 0, 0, 0, 0, 0]);
  return Buffer.concat([Buffer.from([0x78, 0x9c]), ...Array.from({ length: count }, () => piece), end]);
}

function tiff({
  width,
  height,
  bits,
  channels,
  strip,
  rowsPerStrip,
  more = [],
  shared = Buffer.alloc(0),
  pages = 1,
  next = 0,
}: {
  readonly width: number;
  readonly height: number;
  readonly bits: number;
  readonly channels: number;
  readonly strip: Buffer;
  readonly rowsPerStrip: number;
  readonly more?: readonly Entry[];
  readonly shared?: Buffer;
  readonly pages?: number;
  readonly next?: number;
}): Buffer {
  const format = bits >= 32 ? 3 : 1;
  const entries: Entry[] = [
    [256, 'long', 1, width],
    [257, 'long', 1, height],
    [258, 'short', channels, 0],
    [259, 'short', 1, 8],
    [262, 'short', 1, channels === 1 ? 1 : 2],
    [273, 'long', 1, 0],
    [277, 'short', 1, channels],
    [278, 'long', 1, rowsPerStrip],
    [279, 'long', 1, strip.length],
    [339, 'short', 1, format],
  ];
  if (channels === 4) entries.push([338, 'short', 1, 2]);
  const all = [...entries, ...more].toSorted((a, b) => a[0] - b[0]);
  const directoryBytes = 6 + 12 * all.length;
  const bitsAt = 8 + pages * directoryBytes;
  const bitsBytes = Buffer.alloc(2 * channels);
  for (let i = 0; i < channels; i++) bitsBytes.writeUInt16LE(bits, 2 * i);
  const stripAt = bitsAt + bitsBytes.length;
  const sharedAt = stripAt + strip.length;
  const head = Buffer.from('II*\0\x08\0\0\0', 'latin1');
  const directories = Array.from({ length: pages }, (_, page) => {
    const bytes = Buffer.alloc(directoryBytes);
    bytes.writeUInt16LE(all.length, 0);
    all.forEach(([tag, type, count, value], i) => {
      const at = 2 + 12 * i;
      bytes.writeUInt16LE(tag, at);
      bytes.writeUInt16LE(TYPES[type], at + 2);
      bytes.writeUInt32LE(count, at + 4);
      const inline = count === 1 || (type === 'short' && count <= 2);
      const place =
        tag === 258 ? (inline ? bits : bitsAt) : tag === 273 ? stripAt : count > 4 && value === 0 ? sharedAt : value;
      bytes.writeUInt32LE(place, at + 8);
    });
    const following = page + 1 < pages ? 8 + (page + 1) * directoryBytes : next;
    bytes.writeUInt32LE(following, directoryBytes - 4);
    return bytes;
  });
  return Buffer.concat([head, ...directories, bitsBytes, strip, shared]);
}
