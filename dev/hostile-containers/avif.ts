/** AVIFs put together anew around the coded picture of a good one, which consists of a single item. */
import { deflateSync } from 'node:zlib';
import type { HostileContainer } from './container.ts';
import { allWith, repeated } from './container.ts';

const MB = 1_000_000;

interface Item {
  readonly type: 'Exif' | 'mime';
  /** How often its bytes are named, and whether they are packed. */
  readonly times: number;
  readonly packed?: boolean;
}

export function hostileAvifs(avif: Buffer, vast: Buffer): HostileContainer[] {
  const text = Buffer.alloc(25 * MB, 'A');
  const packed = deflateSync(Buffer.alloc(50 * MB, 'A'));
  const packedItems = Array.from({ length: 20 }, (): Item => ({ type: 'mime', times: 1, packed: true }));
  return [
    ...allWith(null, {
      'unknown-box.avif': Buffer.concat([avif, box('what', text)]),
      'length-beyond-the-end.avif': Buffer.concat([avif, Buffer.from('\xff\xff\xff\xfffree', 'latin1')]),
      'no-length.avif': Buffer.concat([avif, Buffer.from('\0\0\0\u0004free', 'latin1')]),
      'rebuilt.avif': rebuilt(avif, Buffer.from('MM\0*\0\0\0\u0008\0\0'), [{ type: 'Exif', times: 1 }]),
    }),
    ...allWith('unsafe', {
      'pieces.avif': rebuilt(avif, text, [{ type: 'Exif', times: 30 }]),
      'packed-metadata.avif': rebuilt(avif, packed, packedItems),
      'boxes.avif': Buffer.concat([avif, repeated(box('free'), 1_000_000)]),
      'pieces-without-length.avif': Buffer.concat([avif, box('meta', be(4, 0), weightless(900))]),
      'items.avif': rebuilt(
        avif,
        text,
        Array.from({ length: 20_000 }, (): Item => ({ type: 'Exif', times: 0 })),
      ),
      'depth.avif': Buffer.concat([avif, nested(5_000)]),
    }),
    // 46 KB that took a decoder to 1.9 GB at 99 megapixels.
    ...allWith('too_large', { 'vast.avif': vast }),
  ];
}

function box(type: string, ...parts: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(parts);
  const head = Buffer.alloc(8);
  head.writeUInt32BE(body.length + 8, 0);
  head.write(type, 4, 'latin1');
  return Buffer.concat([head, body]);
}

/** Pieces that take no room: 65,535 of each item. */
function weightless(items: number): Buffer {
  return box(
    'iloc',
    be(4, 0),
    be(2, 0),
    be(2, items),
    repeated(Buffer.concat([be(2, 1), be(2, 0), be(2, 65_535)]), items),
  );
}

function nested(depth: number): Buffer {
  const all = Buffer.alloc(12 * depth);
  for (let i = 0; i < depth; i++) {
    all.writeUInt32BE(12 * (depth - i), 12 * i);
    all.write('meta', 12 * i + 4, 'latin1');
  }
  return all;
}

/** The good picture with items of metadata that all point at the same bytes. */
function rebuilt(avif: Buffer, metadata: Buffer, items: readonly Item[]): Buffer {
  const part = (type: string) => {
    const at = avif.indexOf(type, 0, 'latin1') - 4;
    return avif.subarray(at, at + avif.readUInt32BE(at));
  };
  const picture = part('mdat').subarray(8);
  const all = [
    { type: 'av01', times: 1, packed: false, length: picture.length, from: 0 },
    ...items.map((item) => ({ packed: false, ...item, length: metadata.length, from: picture.length })),
  ];
  const infos = all.map(({ type, packed }, i) =>
    box(
      'infe',
      be(4, 0x0200_0000),
      be(2, i + 1),
      be(2, 0),
      Buffer.from(type, 'latin1'),
      Buffer.from(type === 'mime' ? `\0application/rdf+xml\0${packed ? 'deflate' : ''}\0` : '\0', 'latin1'),
    ),
  );
  const references = items.map((_, i) => box('cdsc', be(2, i + 2), be(2, 1), be(2, 1)));
  const metaFor = (mdatAt: number) => {
    const locations = all.map(({ times, length, from }, i) =>
      Buffer.concat([
        be(2, i + 1),
        be(2, 0),
        be(2, times),
        repeated(Buffer.concat([be(4, mdatAt + from), be(4, length)]), times),
      ]),
    );
    return box(
      'meta',
      be(4, 0),
      part('hdlr'),
      part('pitm'),
      box('iloc', be(4, 0), Buffer.from([0x44, 0]), be(2, all.length), ...locations),
      box('iinf', be(4, 0), be(2, all.length), ...infos),
      box('iref', be(4, 0), ...references),
      part('iprp'),
    );
  };
  const head = part('ftyp');
  const meta = metaFor(head.length + metaFor(0).length + 8);
  return Buffer.concat([head, meta, box('mdat', picture, metadata)]);
}

function be(length: 2 | 4, value: number): Buffer {
  const bytes = Buffer.alloc(length);
  bytes.writeUIntBE(value, 0, length);
  return bytes;
}
