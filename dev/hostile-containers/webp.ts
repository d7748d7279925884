/** WebPs whose metadata outweigh the picture. */
import type { HostileContainer } from './container.ts';
import { allWith, repeated } from './container.ts';

const MB = 1_000_000;

/** `webp` is a good picture without metadata. */
export function hostileWebps(
  webp: Buffer,
  size: { readonly width: number; readonly height: number },
): HostileContainer[] {
  const picture = webp.subarray(12);
  const file = (flags: number, { before = NOTHING, after = NOTHING }: { before?: Buffer; after?: Buffer }) =>
    riff(Buffer.concat([extended(flags, size), before, picture, after]));
  const orientation = Buffer.from('Exif\0\0MM\0*\0\0\0\u0008', 'latin1');
  return [
    ...allWith(null, {
      'xmp.webp': file(4, { after: riffChunk('XMP ', Buffer.alloc(25 * MB, 'A')) }),
      'xmp-again-and-again.webp': file(4, { after: repeated(riffChunk('XMP ', Buffer.alloc(10, 'A')), 90_000) }),
      'unknown-chunk.webp': file(0, { after: riffChunk('what', Buffer.alloc(25 * MB, 'A')) }),
      'unknown-chunks.webp': file(0, { after: repeated(riffChunk('what', Buffer.alloc(2)), 80_000) }),
    }),
    ...allWith('unsafe', {
      'exif.webp': file(8, { after: riffChunk('EXIF', Buffer.concat([orientation, Buffer.alloc(25 * MB, 3)])) }),
      'profile.webp': file(0x20, { before: riffChunk('ICCP', Buffer.alloc(25 * MB, 1)) }),
      'empty-chunks.webp': file(0, { after: repeated(riffChunk('what', NOTHING), 3_000_000) }),
    }),
    ...allWith('unreadable', {
      'length-beyond-the-end.webp': file(0, { after: Buffer.from('what\xff\xff\xff\xff', 'latin1') }),
    }),
  ];
}

const NOTHING = Buffer.alloc(0);

function riff(body: Buffer): Buffer {
  const head = Buffer.from('RIFF\0\0\0\0WEBP', 'latin1');
  head.writeUInt32LE(body.length + 4, 4);
  return Buffer.concat([head, body]);
}

function extended(flags: number, { width, height }: { readonly width: number; readonly height: number }): Buffer {
  const data = Buffer.alloc(10);
  data[0] = flags;
  data.writeUIntLE(width - 1, 4, 3);
  data.writeUIntLE(height - 1, 7, 3);
  return riffChunk('VP8X', data);
}

function riffChunk(type: string, data: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.write(type, 0, 'latin1');
  head.writeUInt32LE(data.length, 4);
  return Buffer.concat([head, data, Buffer.alloc(data.length & 1)]);
}
