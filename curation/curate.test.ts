import { createHash } from 'node:crypto';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { curatePhotos } from './curate.ts';
import type { PhotoToCurate } from './curate.ts';
import { bombPng, jpegScene, scene } from './generated-photos.fixture.ts';
import type { DropReason, PhotoDecision } from './old-report.ts';

/** Six different photos: enough for a training whatever else is in the set. */
let good: PhotoToCurate[];

beforeAll(async () => {
  good = await Promise.all([1, 2, 3, 4, 5, 6].map(async (seed) => photo(`good-${seed}.jpg`, await jpegScene(seed))));
});

function photo(filename: string, bytes: Uint8Array): PhotoToCurate {
  return {
    id: `id-${filename}`,
    filename,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    read: async () => bytes,
  };
}

async function decide(filename: string, bytes: Uint8Array): Promise<PhotoDecision> {
  const report = await curatePhotos({ photos: [...good, photo(filename, bytes)] });
  expect(report.accepted).toBe(true);
  expect(report.photos.filter(({ decision }) => decision === 'keep').length).toBeGreaterThanOrEqual(6);
  return report.photos.find((one) => one.filename === filename)!;
}

describe('curatePhotos', () => {
  it('keeps different photos, each with a sentence', async () => {
    const report = await curatePhotos({ photos: good });

    expect(report).toMatchObject({ accepted: true, kept: 6, dropped: 0, minimum: 5 });
    for (const one of report.photos) expect(one.sentence).toMatch(/^Kept: 900 x 700 pixels, sharpness 0\.\d\d/);
  });

  it.each<[string, DropReason, () => Promise<Buffer> | Buffer]>([
    ['half a JPEG', 'unreadable', async () => half(await jpegScene(7))],
    ['a JPEG without its last two bytes', 'unreadable', async () => (await jpegScene(7)).subarray(0, -2)],
    ['damage inside a JPEG scan', 'unreadable', async () => damaged(await jpegScene(7))],
    ['half a PNG', 'unreadable', async () => half(await (await scene(7)).png().toBuffer())],
    ['half a WebP', 'unreadable', async () => half(await (await scene(7)).webp().toBuffer())],
    ['half an AVIF', 'unreadable', async () => half(await (await scene(7)).avif({ effort: 0 }).toBuffer())],
    ['half a TIFF', 'unreadable', async () => half(await (await scene(7)).tiff().toBuffer())],
    ['no bytes', 'unreadable', () => Buffer.alloc(0)],
    [
      'an SVG named .jpg',
      'unsupported_format',
      () => Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="900" height="900"/>'),
    ],
    ['text named .jpg', 'unsupported_format', () => Buffer.from('hello')],
    ['a bomb of 900 megapixels', 'too_large', () => bombPng(30_000)],
    ['a narrow picture', 'too_small', () => jpegScene(7, { width: 1_200, height: 255 })],
    ['a small area', 'too_small', () => jpegScene(7, { width: 360, height: 360 })],
  ])('drops %s and nothing else', async (what, reason, make) => {
    const decision = await decide(`${what}.jpg`, await make());

    expect(decision).toMatchObject({ decision: 'drop', reason });
    expect(decision.sentence).toMatch(/^[A-Z].*\.$/);
  });

  it('names both numbers when a photo is too small', async () => {
    const decision = await decide('small.jpg', await jpegScene(7, { width: 300, height: 300 }));

    expect(decision.sentence).toBe('Only 300 x 300 = 90000 pixels: at least 131072 are needed.');
  });

  it.each<[string, () => Promise<Buffer>]>([
    ['the same bytes', () => jpegScene(1)],
    [
      'the same pixels without loss',
      async () =>
        sharp(await jpegScene(1))
          .png()
          .toBuffer(),
    ],
  ])('drops %s as an exact duplicate', async (what, make) => {
    const decision = await decide(`${what}.jpg`, await make());

    const other = decision.decision === 'drop' ? decision : await repeatOf('good-1.jpg', what, await make());
    expect(other).toMatchObject({ reason: 'duplicate_exact' });
    expect(other.sentence).toContain('Exactly the same picture as');
  });

  it.each<[string, (original: Buffer) => Promise<Buffer>]>([
    ['compressed hard', (bytes) => sharp(bytes).jpeg({ quality: 20 }).toBuffer()],
    ['as WebP', (bytes) => sharp(bytes).webp({ quality: 60 }).toBuffer()],
    ['at 60 %', (bytes) => sharp(bytes).resize(540).jpeg().toBuffer()],
    ['mirrored', (bytes) => sharp(bytes).flop().jpeg().toBuffer()],
    ['mirrored and smaller', (bytes) => sharp(bytes).flop().resize(600).webp().toBuffer()],
    ['on its side', (bytes) => sharp(bytes).rotate(90).resize(600).jpeg().toBuffer()],
    ['upside down', (bytes) => sharp(bytes).rotate(180).resize(800).jpeg().toBuffer()],
    ['turned by EXIF', (bytes) => sharp(bytes).withMetadata({ orientation: 8 }).resize(800).jpeg().toBuffer()],
    ['grey', (bytes) => sharp(bytes).greyscale().resize(800).jpeg().toBuffer()],
    [
      'with bars',
      (bytes) => sharp(bytes).resize(700).extend({ top: 80, bottom: 80, background: '#000' }).jpeg().toBuffer(),
    ],
  ])('drops a copy %s in favour of the better original', async (what, change) => {
    const name = `${what}.jpg`;
    const report = await curatePhotos({ photos: [...good, photo(name, await change(await jpegScene(1)))] });

    const dropped = report.photos.filter(({ decision }) => decision === 'drop');
    expect(dropped).toHaveLength(1);
    expect(dropped[0]).toMatchObject({ reason: expect.stringMatching(/^duplicate_/) });
    expect([name, 'good-1.jpg']).toContain(dropped[0]!.filename);
    expect(dropped[0]!.duplicateOf).not.toBeNull();
    expect(dropped[0]!.sentence).toMatch(
      /(good-1\.jpg|\.jpg), which is kept: \d+ of 256 bits differ, limit 24\.|Exactly the same/,
    );
  });

  it('keeps the largest of several copies', async () => {
    const original = await (await scene(9, { width: 1_400, height: 1_000 })).jpeg().toBuffer();
    const copies = [
      photo('small.jpg', await sharp(original).resize(600).jpeg().toBuffer()),
      photo('large.jpg', original),
    ];

    const report = await curatePhotos({
      photos: [...copies, ...good, photo('middle.jpg', await sharp(original).resize(900).jpeg().toBuffer())],
    });

    const decision = (name: string) => report.photos.find(({ filename }) => filename === name)!;
    expect(decision('large.jpg').decision).toBe('keep');
    expect(decision('small.jpg')).toMatchObject({ reason: 'duplicate_near', duplicateOf: 'id-large.jpg' });
    expect(decision('middle.jpg')).toMatchObject({ reason: 'duplicate_near', duplicateOf: 'id-large.jpg' });
  });

  it('keeps the sharper of two copies of one size', async () => {
    const sharp1 = await jpegScene(9);
    const soft = await sharp(sharp1).blur(3).jpeg().toBuffer();

    const report = await curatePhotos({ photos: [...good, photo('soft.jpg', soft), photo('sharp.jpg', sharp1)] });

    expect(report.photos.find(({ filename }) => filename === 'soft.jpg')).toMatchObject({
      decision: 'drop',
      duplicateOf: 'id-sharp.jpg',
    });
  });

  it('does not call even pictures of different colours near duplicates', async () => {
    const even = (background: string) =>
      sharp({ create: { width: 600, height: 600, channels: 3, background } })
        .png()
        .toBuffer();

    const report = await curatePhotos({
      photos: [...good, photo('red.png', await even('#f00')), photo('blue.png', await even('#00f'))],
    });

    expect(report.kept).toBe(8);
  });

  it.each<[string, () => Promise<Buffer>]>([
    ['transparency', async () => (await scene(8)).ensureAlpha(0.5).png().toBuffer()],
    ['grey', async () => (await scene(8)).greyscale().jpeg().toBuffer()],
    ['CMYK', async () => (await scene(8)).toColourspace('cmyk').jpeg().toBuffer()],
    ['16 bits', async () => (await scene(8)).toColourspace('rgb16').png().toBuffer()],
  ])('takes photos with %s', async (what, make) => {
    expect(await decide(`${what}.png`, await make())).toMatchObject({ decision: 'keep', width: 900, height: 700 });
  });

  it('gives the same report for the same photos in any order', async () => {
    const copy = await sharp(await jpegScene(1))
      .resize(800)
      .jpeg()
      .toBuffer();
    const photos = [
      ...good,
      photo('copy.jpg', copy),
      photo('bad.jpg', Buffer.from('x')),
      { ...good[2]!, id: 'again', filename: 'again.jpg' },
    ];

    const reports = await Promise.all(
      [photos, photos.toReversed(), [...photos.slice(4), ...photos.slice(0, 4)]].map((order) =>
        curatePhotos({ photos: order }),
      ),
    );

    expect(JSON.stringify(reports[1])).toBe(JSON.stringify(reports[0]));
    expect(JSON.stringify(reports[2])).toBe(JSON.stringify(reports[0]));
    expect(reports[0]).toEqual(JSON.parse(JSON.stringify(reports[0])));
  });

  it('is not accepted below five photos', async () => {
    expect(await curatePhotos({ photos: good.slice(0, 4) })).toMatchObject({ accepted: false, kept: 4, minimum: 5 });
    expect(await curatePhotos({ photos: [] })).toMatchObject({ accepted: false, kept: 0 });
  });

  it('tells of every photo as it is done', async () => {
    const seen: number[] = [];

    await curatePhotos({ photos: good, onPhoto: ({ done, total }) => seen.push(done, total) });

    expect(seen).toEqual([1, 6, 2, 6, 3, 6, 4, 6, 5, 6, 6, 6]);
  });

  it('stops between photos when aborted', async () => {
    const stop = new AbortController();

    const curating = curatePhotos({
      photos: [...good, ...good],
      signal: stop.signal,
      onPhoto: () => stop.abort(new Error('enough')),
    });

    await expect(curating).rejects.toThrow('enough');
  });

  it('does not blame a photo for a store that cannot give it', async () => {
    const broken: PhotoToCurate = { ...good[0]!, read: () => Promise.reject(new Error('store is away')) };

    await expect(curatePhotos({ photos: [broken, ...good.slice(1)] })).rejects.toThrow('store is away');
  });

  it('leaves the event loop free', async () => {
    const large = await Promise.all(
      [11, 12, 13, 14].map(async (seed) =>
        photo(`${seed}.jpg`, await jpegScene(seed, { width: 2_000, height: 1_500 })),
      ),
    );
    let longest = 0;
    let last = performance.now();
    const timer = setInterval(() => {
      longest = Math.max(longest, performance.now() - last);
      last = performance.now();
    }, 1);

    await curatePhotos({ photos: large });
    clearInterval(timer);

    // About 25 ms on a free core; the limit leaves room for a busy machine.
    expect(longest).toBeLessThan(300);
  });
});

async function repeatOf(filename: string, what: string, bytes: Buffer): Promise<PhotoDecision> {
  const report = await curatePhotos({ photos: [...good, photo(`${what}.jpg`, bytes)] });
  return report.photos.find((one) => one.filename === filename)!;
}

function half(bytes: Buffer): Buffer {
  return bytes.subarray(0, bytes.length / 2);
}

/** Overwrites a piece in the middle of the compressed scan. (Bytes that happen to be valid codes are beyond any decoder.) */
function damaged(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  const at = Math.floor(copy.length * 0.6);
  for (let i = 0; i < 400; i++) copy[at + i] = (i * 7_919 + 13) & 0xff;
  return copy;
}
