/** PNGs that are small on the disk and large in a decoder. */
import { crc32, deflateSync } from 'node:zlib';
import type { HostileContainer } from './container.ts';
import { allWith, noise, repeated } from './container.ts';

const MB = 1_000_000;

/** Chunks that a decoder may unpack or collect, put into a good PNG; and lengths that lie. */
export function hostilePngs(png: Buffer): HostileContainer[] {
  const packed = deflateSync(Buffer.alloc(50 * MB, 'A'));
  const zTXt = pngChunk('zTXt', Buffer.concat([Buffer.from('Comment\0\0', 'latin1'), packed]));
  const iTXt = pngChunk('iTXt', Buffer.concat([Buffer.from('Comment\0\u0001\0\0\0', 'latin1'), packed]));
  const xmp = pngChunk('iTXt', Buffer.concat([Buffer.from('XML:com.adobe.xmp\0\u0001\0\0\0', 'latin1'), packed]));
  const short = pngChunk('tEXt', Buffer.from('a\0b', 'latin1'));
  return [
    ...allWith(null, {
      // 1 GB each, in 1 MB.
      'ztxt.png': withChunks(png, repeated(zTXt, 20)),
      'itxt.png': withChunks(png, repeated(iTXt, 20)),
      'xmp.png': withChunks(png, repeated(xmp, 20)),
      'ztxt-behind-the-pixels.png': withChunksAtEnd(png, repeated(zTXt, 20)),
      'text-chunks.png': withChunks(png, repeated(short, 60_000)),
      'unknown-chunk.png': withChunks(png, pngChunk('teMp', Buffer.alloc(25 * MB, 1))),
      'unknown-chunks.png': withChunks(png, repeated(pngChunk('teMp', Buffer.alloc(4)), 60_000)),
      'palettes.png': withChunks(png, suggestedPalettes(400)),
    }),
    ...allWith('unsafe', {
      'profile.png': withChunks(png, profile(300 * MB)),
      'packed-profile.png': withChunks(png, pngChunk('iCCP', Buffer.concat([PROFILE_NAME, noise(5 * MB)]))),
      'empty-chunks.png': withChunks(png, repeated(pngChunk('IDAT', Buffer.alloc(0)), 2_000_000)),
      'exif.png': withChunks(png, pngChunk('eXIf', Buffer.concat([Buffer.from('MM\0*'), noise(20 * MB)]))),
    }),
    ...allWith('unreadable', {
      'length-beyond-the-end.png': withLength(png, 'IDAT', png.length * 2),
      'negative-length.png': withLength(png, 'IDAT', 0xffff_fff0),
      'short-length.png': withLength(png, 'IDAT', 3),
      'unknown-critical-chunk.png': withChunks(png, pngChunk('TEMP', Buffer.alloc(10))),
      'two-headers.png': withChunks(png, png.subarray(8, 33)),
    }),
  ];
}

const PROFILE_NAME = Buffer.from('icc\0\0', 'latin1');

/** A profile whose own header says, rightly, how large it is. */
function profile(sizeBytes: number): Buffer {
  const data = Buffer.alloc(sizeBytes);
  data.writeUInt32BE(sizeBytes, 0);
  data.writeUInt32BE(0x0210_0000, 8);
  data.write('mntrRGB XYZ ', 12, 'latin1');
  data.write('acsp', 36, 'latin1');
  return pngChunk('iCCP', Buffer.concat([PROFILE_NAME, deflateSync(data)]));
}

function suggestedPalettes(count: number): Buffer {
  const entries = Buffer.alloc(6 * 10_000);
  return Buffer.concat(
    Array.from({ length: count }, (_, i) =>
      pngChunk('sPLT', Buffer.concat([Buffer.from(`p${i}\0\u0008`, 'latin1'), entries])),
    ),
  );
}

function pngChunk(type: string, data: Buffer): Buffer {
  const framed = Buffer.alloc(data.length + 12);
  framed.writeUInt32BE(data.length, 0);
  framed.write(type, 4, 'latin1');
  data.copy(framed, 8);
  framed.writeUInt32BE(crc32(framed.subarray(4, data.length + 8)), data.length + 8);
  return framed;
}

/** Puts chunks behind the header. */
function withChunks(png: Buffer, chunks: Buffer): Buffer {
  return Buffer.concat([png.subarray(0, 33), chunks, png.subarray(33)]);
}

function withChunksAtEnd(png: Buffer, chunks: Buffer): Buffer {
  return Buffer.concat([png.subarray(0, png.length - 12), chunks, png.subarray(png.length - 12)]);
}

function withLength(png: Buffer, type: string, length: number): Buffer {
  const changed = Buffer.from(png);
  changed.writeUInt32BE(length, changed.indexOf(type, 33, 'latin1') - 4);
  return changed;
}
