/** JPEGs with more in front of the picture than any camera writes. */
import type { HostileContainer } from './container.ts';
import { allWith, noise, repeated } from './container.ts';

/** Segments in front of a good picture: those that mean nothing for the pixels are left out. */
export function hostileJpegs(jpeg: Buffer): HostileContainer[] {
  const full = (marker: number, head: string) =>
    segment(marker, Buffer.concat([Buffer.from(head, 'latin1'), Buffer.alloc(65_533 - head.length, 'A')]));
  const filled = (marker: number, head: string) => withSegments(jpeg, repeated(full(marker, head), 380));
  const multiPicture = Buffer.concat([
    Buffer.from('MPF\0MM\0*\0\0\0\u0008', 'latin1'),
    ifd([[0xb002, 7, 0xffff_fff0, 8]]),
  ]);
  const manyTags = exif(ifd(Array.from({ length: 5_000 }, (_, i): Tag => [0x9000 + i, 5, 2_000, 8])));
  const wideTags = exif(ifd(Array.from({ length: 2_000 }, (_, i): Tag => [0x9000 + i, 1, 60_000, 8])));
  const loop = exif(
    ifd(
      [0x8769, 0x8825, 0xa005].map((tag): Tag => [tag, 4, 1, 8]),
      8,
    ),
  );
  const tables = segment(0xdb, Buffer.concat([Buffer.from([0]), Buffer.alloc(64, 1)]));
  return [
    ...allWith(null, {
      'comments.jpg': filled(COM, ''),
      'tiny-comments.jpg': withSegments(jpeg, repeated(segment(COM, Buffer.alloc(1)), 90_000)),
      'unknown-segments.jpg': filled(0xef, 'what\0'),
      'xmp.jpg': filled(APP1, 'http://ns.adobe.com/xap/1.0/\0'),
      'extended-xmp.jpg': filled(APP1, 'http://ns.adobe.com/xmp/extension/\0'),
      'photoshop.jpg': filled(0xed, 'Photoshop 3.0\0'),
      'multi-picture.jpg': withSegments(jpeg, repeated(segment(APP2, multiPicture), 20_000)),
      'exif-tags.jpg': withSegments(jpeg, manyTags),
      'exif-wide-tags.jpg': withSegments(jpeg, wideTags),
      'exif-loop.jpg': withSegments(jpeg, loop),
      'exif-again-and-again.jpg': withSegments(jpeg, repeated(manyTags, 380)),
    }),
    ...allWith('unsafe', {
      'profile.jpg': withSegments(jpeg, profile(200)),
      'empty-segments.jpg': withSegments(jpeg, repeated(segment(COM, Buffer.alloc(0)), 7_000_000)),
      'tables.jpg': withSegments(jpeg, repeated(tables, 400_000)),
    }),
    ...allWith('unreadable', {
      'scans.jpg': manyScans(jpeg, 20_000),
      'length-beyond-the-end.jpg': withSegments(
        jpeg.subarray(0, 40_000),
        segment(COM, Buffer.alloc(60_000)).subarray(0, 9),
      ),
      'no-length.jpg': withSegments(jpeg, Buffer.from([0xff, COM, 0, 1])),
    }),
  ];
}

const APP1 = 0xe1;
const APP2 = 0xe2;
const COM = 0xfe;

function segment(marker: number, data: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([0xff, marker, (data.length + 2) >> 8, (data.length + 2) & 255]), data]);
}

function withSegments(jpeg: Buffer, segments: Buffer): Buffer {
  return Buffer.concat([jpeg.subarray(0, 2), segments, jpeg.subarray(2)]);
}

function exif(directory: Buffer): Buffer {
  return segment(
    APP1,
    Buffer.concat([Buffer.from('Exif\0\0MM\0*\0\0\0\x08', 'latin1'), directory]).subarray(0, 65_533),
  );
}

type Tag = readonly [tag: number, type: number, count: number, value: number];

function ifd(entries: readonly Tag[], next = 0): Buffer {
  const bytes = Buffer.alloc(6 + 12 * entries.length);
  bytes.writeUInt16BE(entries.length, 0);
  entries.forEach(([tag, type, count, value], i) => {
    bytes.writeUInt16BE(tag, 2 + 12 * i);
    bytes.writeUInt16BE(type, 4 + 12 * i);
    bytes.writeUInt32BE(count, 6 + 12 * i);
    bytes.writeUInt32BE(value, 10 + 12 * i);
  });
  bytes.writeUInt32BE(next, 2 + 12 * entries.length);
  return bytes;
}

/** A profile in as many parts as asked for, which agree with each other. */
function profile(parts: number): Buffer {
  const data = noise(parts * 65_519);
  data.writeUInt32BE(data.length, 0);
  data.write('mntrRGB XYZ ', 12, 'latin1');
  data.write('acsp', 36, 'latin1');
  return Buffer.concat(
    Array.from({ length: parts }, (_, i) =>
      segment(
        APP2,
        Buffer.concat([
          Buffer.from('ICC_PROFILE\0', 'latin1'),
          Buffer.from([i + 1, parts]),
          data.subarray(i * 65_519, (i + 1) * 65_519),
        ]),
      ),
    ),
  );
}

/** A progressive picture that sends the same empty refinement again and again: each one makes a decoder go over all blocks. */
function manyScans(jpeg: Buffer, count: number): Buffer {
  const frame = Buffer.from([8, 0x17, 0x70, 0x17, 0x70, 1, 1, 0x11, 0]);
  const table = jpegTable(jpeg);
  const codes = segment(0xc4, Buffer.from([0x00, 1, ...Array.from({ length: 15 }, () => 0), 0]));
  const scan = Buffer.concat([segment(0xda, Buffer.from([1, 1, 0, 0, 0, 0])), Buffer.from([0])]);
  return Buffer.concat([
    jpeg.subarray(0, 2),
    table,
    segment(0xc2, frame),
    codes,
    repeated(scan, count),
    Buffer.from([0xff, 0xd9]),
  ]);
}

function jpegTable(jpeg: Buffer): Buffer {
  const at = jpeg.indexOf(Buffer.from([0xff, 0xdb]));
  return jpeg.subarray(at, at + 2 + jpeg.readUInt16BE(at + 2));
}
