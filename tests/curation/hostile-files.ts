/** Files that somebody sends by mistake or to break us, and strange ones that are good photos all the same. */
import { mkdir, open as openFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { animatedPng, bombPng } from '../../curation/generated-photos.fixture.ts';
import type { DropReason } from '../../curation/report/report.ts';
import { drawView } from '../../dev/draw-view.ts';
import { baseOf, open, storedTurned } from './plant.ts';
import type { Base } from './plant.ts';
import { createRandom } from '../../dev/random.ts';
import type { Random } from '../../dev/random.ts';

export interface HostileFile {
  readonly name: string;
  readonly reason: DropReason;
  readonly bytes: Buffer;
}

/** Everything that must be refused, with the reason that the report must give. */
export async function hostileFiles(seed: number): Promise<HostileFile[]> {
  const random = createRandom(seed, 'hostile');
  const base = await baseOf('hostile', await drawView(seed + 31, { width: 1_000, height: 800 }));
  const jpeg = await open(base).jpeg({ quality: 90 }).toBuffer();
  const encoded: Readonly<Record<string, Buffer>> = {
    jpg: jpeg,
    'progressive.jpg': await open(base).jpeg({ quality: 85, progressive: true }).toBuffer(),
    png: await open(base).png().toBuffer(),
    webp: await open(base).webp({ quality: 80 }).toBuffer(),
    avif: await open(base).avif({ quality: 55, effort: 0 }).toBuffer(),
    tiff: await open(base).tiff({ compression: 'lzw' }).toBuffer(),
  };
  const files: HostileFile[] = [];
  const add = (name: string, reason: DropReason, bytes: Buffer) => files.push({ name, reason, bytes });
  for (const [ending, bytes] of Object.entries(encoded)) {
    const cut = (what: string, at: number) => add(`cut-${what}.${ending}`, 'unreadable', bytes.subarray(0, at));
    cut('at-half', Math.floor(bytes.length / 2));
    cut('at-95-percent', Math.floor(bytes.length * 0.95));
    // A TIFF may carry unused bytes at its end; all others end with something that is needed.
    if (ending !== 'tiff') cut('by-two-bytes', bytes.length - 2);
    for (let i = 0; i < 4; i++) cut(`anywhere-${i}`, random.whole(64, bytes.length - 3));
  }
  for (const kind of ['random', 'zeros', 'lost', 'without-markers'] as const)
    add(`scan-damage-${kind}.jpg`, 'unreadable', damageScan(jpeg, kind, random));
  const frames = await Promise.all(
    [41, 42].map(async (other) => await (await drawView(seed + other, { width: 300, height: 300 })).png().toBuffer()),
  );
  const moving = () => sharp(frames, { join: { animated: true } });
  add('empty.jpg', 'unreadable', Buffer.alloc(0));
  add('one-byte.jpg', 'unsupported_format', Buffer.from([0xff]));
  add('text.jpg', 'unsupported_format', Buffer.from('Dear photographer,\nthe pictures are on the other card.\n'));
  add('page.jpg', 'unsupported_format', Buffer.from('<!doctype html><html><body>404 not found</body></html>'));
  add('drawing.jpg', 'unsupported_format', Buffer.from(SVG));
  add('drawing-with-head.jpg', 'unsupported_format', Buffer.from(`<?xml version="1.0"?>\n<!-- x -->\n${SVG}`));
  add('random.jpg', 'unsupported_format', Buffer.from(Array.from({ length: 5_000 }, () => random.whole(0, 254))));
  add('bomb.png', 'too_large', bombPng(30_000));
  add('moving.gif', 'unsupported_format', await moving().gif().toBuffer());
  add('moving-gif.jpg', 'unsupported_format', await moving().gif().toBuffer());
  add('moving.webp', 'animated', await moving().webp().toBuffer());
  add('moving.png', 'animated', animatedPng(encoded['png']!));
  add('phone.heic', 'unsupported_format', isoFile('heic', ['mif1', 'heic'], random));
  add('phone-renamed.jpg', 'unsupported_format', isoFile('mif1', ['heix'], random));
  add('scan.jp2', 'unsupported_format', jpeg2000(random));
  add('tiny.jpg', 'too_small', await open(base).resize(64, 64, { fit: 'fill' }).jpeg().toBuffer());
  add('strip.jpg', 'extreme_aspect', await strip(seed, 2_600, 260));
  add('tower.jpg', 'extreme_aspect', await strip(seed, 260, 2_600));
  return files;
}

const SVG =
  '<svg xmlns="http://www.w3.org/2000/svg" width="900" height="900"><image href="file:///etc/passwd"/><rect width="900" height="900" fill="red"/></svg>';

/** Ten to one, and wide enough not to be called small. */
async function strip(seed: number, width: number, height: number): Promise<Buffer> {
  return await (await drawView(seed + 51, { width, height })).jpeg({ quality: 90 }).toBuffer();
}

/** Spoils 4 KiB in the middle of the compressed pixels, as a bad disk or a bad transfer does; header and end stay. */
function damageScan(jpeg: Buffer, kind: 'random' | 'zeros' | 'lost' | 'without-markers', random: Random): Buffer {
  const length = 4_096;
  const scan = jpeg.lastIndexOf(Buffer.from([0xff, 0xda]));
  const from = random.whole(scan + 200, Math.floor(jpeg.length * 0.8));
  if (kind === 'lost') return Buffer.concat([jpeg.subarray(0, from), jpeg.subarray(from + length)]);
  const damaged = Buffer.from(jpeg);
  // 0xff begins a marker, which a decoder notices; without one the damage shows in the picture alone.
  const largest = kind === 'without-markers' ? 254 : 255;
  for (let i = 0; i < length; i++) damaged[from + i] = kind === 'zeros' ? 0 : random.whole(0, largest);
  return damaged;
}

function isoFile(major: string, compatible: readonly string[], random: Random): Buffer {
  const body = Buffer.from(`ftyp${major}\0\0\0\0${compatible.join('')}`, 'latin1');
  const size = Buffer.alloc(4);
  size.writeUInt32BE(body.length + 4);
  return Buffer.concat([size, body, Buffer.from(Array.from({ length: 4_000 }, () => random.whole(0, 255)))]);
}

function jpeg2000(random: Random): Buffer {
  const signature = Buffer.from('\0\0\0\x0cjP  \r\n\x87\n\0\0\0\x14ftypjp2 \0\0\0\0jp2 ', 'latin1');
  return Buffer.concat([signature, Buffer.from(Array.from({ length: 4_000 }, () => random.whole(0, 255)))]);
}

/** Writes a file of any size that begins like a JPEG; what lies behind takes no room on the disk. */
export async function writeHugeFile(path: string, sizeBytes: number): Promise<void> {
  const file = await openFile(path, 'w');
  try {
    await file.write(Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 16]));
    await file.truncate(sizeBytes);
  } finally {
    await file.close();
  }
}

/** Pictures just below the limit of pixels, in the ways of packing that need the whole picture at once. */
export async function vastPictures(): Promise<HostileFile[]> {
  const [width, height] = [12_200, 8_100];
  // Bands of colour, so that it packs well and is not even.
  const band = Buffer.from(Array.from({ length: 3 * 24 }, (_, i) => (i * 53) % 256));
  const vast = () =>
    sharp(band, { raw: { width: 6, height: 4, channels: 3 } }).resize(width, height, {
      fit: 'fill',
      kernel: 'nearest',
    });
  return [
    {
      name: 'vast-turned.jpg',
      reason: 'blurry',
      bytes: await vast().withMetadata({ orientation: 6 }).jpeg().toBuffer(),
    },
    { name: 'vast-progressive.jpg', reason: 'blurry', bytes: await vast().jpeg({ progressive: true }).toBuffer() },
    { name: 'vast-interlaced.png', reason: 'blurry', bytes: await vast().png({ progressive: true }).toBuffer() },
    { name: 'vast.png', reason: 'blurry', bytes: await vast().png().toBuffer() },
  ];
}

export interface StrangeFile {
  readonly name: string;
  /** What it must look like. */
  readonly upright: Base;
  readonly bytes: Buffer;
}

/** Unusual, and good: every orientation, CMYK, 16 bits, grey, alpha, a foreign profile. */
export async function strangeFiles(seed: number): Promise<StrangeFile[]> {
  let count = 0;
  const next = async () =>
    await baseOf('strange', await drawView(seed + 61 + 13 * count++, { width: 720, height: 540 }));
  const files: StrangeFile[] = [];
  for (let orientation = 1; orientation <= 8; orientation++) {
    const upright = await next();
    files.push({ name: `exif-${orientation}.jpg`, upright, bytes: await storedTurned(upright, orientation) });
  }
  const encode = async (name: string, make: (base: Base) => Promise<Buffer>) => {
    const upright = await next();
    files.push({ name, upright, bytes: await make(upright) });
  };
  await encode('cmyk.jpg', (base) => open(base).toColourspace('cmyk').jpeg({ quality: 92 }).toBuffer());
  await encode('cmyk.tiff', (base) => open(base).toColourspace('cmyk').tiff().toBuffer());
  await encode('deep.png', (base) => open(base).toColourspace('rgb16').png().toBuffer());
  await encode('grey.jpg', (base) => open(base).toColourspace('b-w').jpeg({ quality: 92 }).toBuffer());
  await encode('grey-deep.png', (base) => open(base).toColourspace('grey16').png().toBuffer());
  await encode('alpha.png', (base) => open(base).ensureAlpha(1).png().toBuffer());
  await encode('alpha.webp', (base) => open(base).ensureAlpha(1).webp({ quality: 90 }).toBuffer());
  await encode('palette.png', (base) => open(base).png({ palette: true, colours: 256 }).toBuffer());
  await encode('p3.jpg', (base) => open(base).withIccProfile('p3').jpeg({ quality: 92 }).toBuffer());
  await encode('progressive.jpg', (base) => open(base).jpeg({ quality: 90, progressive: true }).toBuffer());
  return files;
}

export async function writeFiles(folder: string, files: readonly { name: string; bytes: Buffer }[]): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const { name, bytes } of files) await writeFile(join(folder, name), bytes);
}
