import { createHash } from 'node:crypto';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resolveCurationOptions } from '../core/curation.ts';
import type { CurationOptions } from '../core/curation.ts';
import type { CurateInput, PhotoToCurate } from './contract.ts';
import { createCurator } from './curator.ts';
import { bombPng, jpegScene, scene } from './generated-photos.fixture.ts';
import type { CurationReport, DropReason, PhotoReport } from './report/report.ts';

/** Six different photos: enough for a training whatever else is in the set. */
let good: PhotoToCurate[];

beforeAll(async () => {
  good = await Promise.all([1, 2, 3, 4, 5, 6].map(async (seed) => photo(`good-${seed}.jpg`, await jpegScene(seed))));
});

const curator = createCurator();

afterAll(() => curator.stop());

/** Curates a set of a style, for which nobody is looked for; other options are told. */
async function curate(
  photos: readonly PhotoToCurate[],
  { options = {}, ...input }: Partial<Omit<CurateInput, 'options'>> & { options?: Partial<CurationOptions> } = {},
): Promise<CurationReport> {
  const { report } = await curator.curate({
    photos,
    options: resolveCurationOptions({ subjectKind: 'style', ...options }),
    training: { triggerWord: 'ohwx', resolutions: [512, 768, 1_024], divisor: 16 },
    cache: null,
    captioner: null,
    ...input,
  });
  return report;
}

function photo(filename: string, bytes: Uint8Array): PhotoToCurate {
  return {
    id: `id-${filename}`,
    filename,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    caption: null,
    override: null,
    read: async () => bytes,
  };
}

async function decide(filename: string, bytes: Uint8Array): Promise<PhotoReport> {
  const report = await curate([...good, photo(filename, bytes)]);
  expect(report.verdict).not.toBe('blocked');
  expect(report.photos.filter(({ decision }) => decision === 'keep').length).toBeGreaterThanOrEqual(6);
  return report.photos.find((one) => one.filename === filename)!;
}

describe('createCurator', () => {
  it('keeps different photos, each with a sentence', async () => {
    const report = await curate(good);

    expect(report).toMatchObject({ kept: 6, reserved: 0, dropped: 0 });
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
    const report = await curate([...good, photo(name, await change(await jpegScene(1)))]);

    const dropped = report.photos.filter(({ decision }) => decision === 'drop');
    expect(dropped).toHaveLength(1);
    expect(dropped[0]).toMatchObject({ reason: expect.stringMatching(/^duplicate_/) });
    expect([name, 'good-1.jpg']).toContain(dropped[0]!.filename);
    expect(dropped[0]!.duplicateOf).not.toBeNull();
    expect(dropped[0]!.sentence).toMatch(
      /^A copy of .*\.jpg: (\d+ of 256 bits differ, limit 24|match \d.\d+, limit 0.985)\.$/,
    );
  });

  it('keeps the largest of several copies', async () => {
    const original = await (await scene(9, { width: 1_400, height: 1_000 })).jpeg().toBuffer();
    const copies = [
      photo('small.jpg', await sharp(original).resize(600).jpeg().toBuffer()),
      photo('large.jpg', original),
    ];

    const middle = photo('middle.jpg', await sharp(original).resize(900).jpeg().toBuffer());
    const report = await curate([...copies, ...good, middle]);

    const decision = (name: string) => report.photos.find(({ filename }) => filename === name)!;
    expect(decision('large.jpg').decision).toBe('keep');
    expect(decision('small.jpg')).toMatchObject({ reason: 'duplicate_near', duplicateOf: 'id-large.jpg' });
    expect(decision('middle.jpg')).toMatchObject({ reason: 'duplicate_near', duplicateOf: 'id-large.jpg' });
  });

  it('keeps the sharper of two copies of one size', async () => {
    const sharp1 = await jpegScene(9);
    const soft = await sharp(sharp1).blur(1).jpeg().toBuffer();

    const report = await curate([...good, photo('soft.jpg', soft), photo('sharp.jpg', sharp1)]);

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

    const report = await curate([...good, photo('red.png', await even('#f99')), photo('blue.png', await even('#9f9'))]);

    // Even pictures are refused for another reason: they show nothing.
    expect(report.photos.filter(({ reason }) => reason === 'low_contrast').map(({ filename }) => filename)).toEqual(
      expect.arrayContaining(['red.png', 'blue.png']),
    );
    expect(report.kept).toBe(6);
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
      [photos, photos.toReversed(), [...photos.slice(4), ...photos.slice(0, 4)]].map((order) => curate(order)),
    );

    expect(JSON.stringify(reports[1])).toBe(JSON.stringify(reports[0]));
    expect(JSON.stringify(reports[2])).toBe(JSON.stringify(reports[0]));
    expect(reports[0]).toEqual(JSON.parse(JSON.stringify(reports[0])));
  });

  it('is not accepted below five photos', async () => {
    expect(await curate(good.slice(0, 4))).toMatchObject({ verdict: 'blocked', kept: 4 });
    expect(await curate([])).toMatchObject({ verdict: 'blocked', kept: 0 });
  });

  it('tells of every photo as it is done', async () => {
    const seen: number[] = [];

    await curate(good, { onProgress: ({ done, total }) => seen.push(done, total) });

    expect(seen.slice(0, 12)).toEqual([1, 6, 2, 6, 3, 6, 4, 6, 5, 6, 6, 6]);
    // Then comparing, which is not about single photos.
    expect(new Set(seen.slice(12))).toEqual(new Set([6]));
  });

  it('stops between photos when aborted', async () => {
    const stop = new AbortController();

    const curating = curate([...good, ...good], {
      signal: stop.signal,
      onProgress: () => stop.abort(new Error('enough')),
    });

    await expect(curating).rejects.toThrow();
    // The threads are as good as before.
    expect(await curate(good)).toMatchObject({ kept: 6 });
  });

  it('does not blame a photo for a store that cannot give it', async () => {
    const broken: PhotoToCurate = { ...good[0]!, read: () => Promise.reject(new Error('store is away')) };

    await expect(curate([broken, ...good.slice(1)])).rejects.toThrow('store is away');
  });

  it('leaves the event loop free', async () => {
    const large = await Promise.all(
      [11, 12, 13, 14].map(async (seed) =>
        photo(`${seed}.jpg`, await jpegScene(seed, { width: 2_000, height: 1_500 })),
      ),
    );
    const before = performance.eventLoopUtilization();

    await curate(large);

    // A share of the time, so it holds on a slow machine too; decoding on the loop would use nearly all of it.
    expect(performance.eventLoopUtilization(before).utilization).toBeLessThan(0.5);
  });

  it('goes on where it was after a stop, and does not decode again', async () => {
    const cache = memoryCache();
    const reads: string[] = [];
    const photos = good.map((one) => ({ ...one, read: async () => (reads.push(one.filename), await one.read()) }));
    const stop = new AbortController();
    const first = curate(photos, { cache, signal: stop.signal, onProgress: ({ done }) => done === 3 && stop.abort() });
    await expect(first).rejects.toThrow();
    const measured = cache.entries.size;
    reads.length = 0;

    const report = await curate(photos, { cache });
    const again = reads.length;
    const third = await curate(photos, { cache });

    expect(measured).toBeGreaterThanOrEqual(3);
    expect(again).toBe(6 - measured);
    expect(reads).toHaveLength(again);
    expect(JSON.stringify(third)).toBe(JSON.stringify(report));
  });

  it('measures again what a cache holds in pieces', async () => {
    const cache = memoryCache();
    const report = await curate(good, { cache });
    const whole = texts(cache);
    for (const [key, bytes] of cache.entries) cache.entries.set(key, bytes.subarray(0, bytes.length / 2));
    expect(await curate(good, { cache })).toEqual(report);

    for (const [key, text] of whole)
      cache.entries.set(key, Buffer.from(text.replace('"thumbnail":{"bytes"', '"thumbnail":{"data"')));
    expect(await curate(good, { cache })).toEqual(report);
    expect(texts(cache)).toEqual(whole);
  });

  it('keeps the same of a photo that is opened in a process of its own', async () => {
    const caches = { here: memoryCache(), alone: memoryCache() };
    const suspect = {
      isSuspect: true,
      end: async () => {},
      leaveBehind: () => {},
      acquit: async () => {},
      condemn: async () => {},
    };
    const openings = { condemned: async () => new Map<string, string>(), begin: async () => suspect };

    const report = await curate([good[0]!], { cache: caches.here });
    const alone = await curate([good[0]!], { cache: caches.alone, openings });

    expect(alone).toEqual(report);
    expect(texts(caches.alone)).toEqual(texts(caches.here));
  });

  it('lets a person overrule it, and says who', async () => {
    const small = await jpegScene(7, { width: 300, height: 300 });
    const says = { framing: null, caption: null, by: 'ada', why: 'her only smile' };
    const pinned = { ...photo('small.jpg', small), override: { ...says, decision: 'pin' as const } };
    const excluded = { ...good[0]!, override: { ...says, decision: 'exclude' as const } };
    const unreadable = { ...photo('x.jpg', Buffer.from('x')), override: { ...says, decision: 'pin' as const } };

    const report = await curate([pinned, excluded, unreadable, ...good.slice(1)]);

    const of = (name: string) => report.photos.find(({ filename }) => filename === name)!;
    expect(of('small.jpg')).toMatchObject({ decision: 'keep', override: { by: 'ada' } });
    expect(of('small.jpg').sentence).toContain('Kept because ada pinned it (her only smile)');
    expect(of('good-1.jpg')).toMatchObject({ decision: 'drop', reason: 'excluded' });
    expect(of('x.jpg')).toMatchObject({ decision: 'drop', reason: 'unsupported_format' });
  });

  it('keeps both of two copies that a person pinned', async () => {
    const pin = { decision: 'pin', framing: null, caption: null, by: 'ada', why: null } as const;
    const copy = photo(
      'copy.jpg',
      await sharp(await jpegScene(1))
        .resize(700)
        .jpeg()
        .toBuffer(),
    );

    const report = await curate([{ ...good[0]!, override: pin }, { ...copy, override: pin }, ...good.slice(1)]);

    expect(report).toMatchObject({ kept: 7, dropped: 0 });
    expect(report.photos.filter(({ group }) => group === 1)).toHaveLength(2);
  });

  it('asks a captioner only for kept photos without a caption, and once', async () => {
    const cache = memoryCache();
    const asked: number[] = [];
    const captioner = {
      name: 'model',
      describe: async ({ jpeg }: { jpeg: Uint8Array }) => {
        asked.push(jpeg.length);
        return { status: 'described', text: 'a red coat, soft light' } as const;
      },
    };
    const photos = [{ ...good[0]!, caption: 'ohwx in the rain' }, ...good.slice(1), photo('bad.jpg', Buffer.from('x'))];

    const report = await curate(photos, { cache, captioner });
    await curate(photos, { cache, captioner });

    expect(asked).toHaveLength(5);
    const captions = report.photos.flatMap(({ output }) => (output ? [output.caption] : []));
    expect(captions.filter(({ source }) => source === 'person').map(({ text }) => text)).toEqual(['ohwx in the rain']);
    expect(captions.filter(({ text }) => text.includes('a red coat, soft light'))).toHaveLength(5);
  });

  it('says when a description failed, and takes the template', async () => {
    const captioner = { name: 'model', describe: async () => ({ status: 'failed', message: 'no answer' }) as const };

    const report = await curate(good, { captioner });

    for (const { warnings, output } of report.photos) {
      expect(warnings.map(({ code }) => code)).toContain('caption_fell_back');
      expect(output).toMatchObject({ caption: { source: 'template', text: 'a photo of ohwx' } });
    }
    expect(report.verdict).toBe('warnings');
  });

  it('finds the crop of a photo and says how much of it there is', async () => {
    const crop = await sharp(await jpegScene(1))
      .extract({ left: 200, top: 100, width: 600, height: 500 })
      .jpeg()
      .toBuffer();

    const report = await curate([...good, photo('crop.jpg', crop)]);

    const found = report.photos.find(({ filename }) => filename === 'crop.jpg')!;
    expect(found).toMatchObject({ decision: 'drop', reason: 'crop_of', duplicateOf: 'id-good-1.jpg' });
    expect(found.sentence).toMatch(
      /^A crop of good-1\.jpg \(4[5-9] % of it\): match (0\.9[89]\d|1\.000), limit 0\.985\.$/,
    );
    expect(report.plan.map(({ sentence }) => sentence)).toContain('Leave out crop.jpg, it repeats good-1.jpg.');
  });
});

function texts({ entries }: ReturnType<typeof memoryCache>) {
  return new Map([...entries].map(([key, bytes]) => [key, Buffer.from(bytes).toString('utf8')]));
}

function memoryCache() {
  const entries = new Map<string, Uint8Array>();
  return {
    entries,
    get: async (key: string) => entries.get(key) ?? null,
    put: async (key: string, bytes: Uint8Array) => void entries.set(key, bytes),
  };
}

async function repeatOf(filename: string, what: string, bytes: Buffer): Promise<PhotoReport> {
  const report = await curate([...good, photo(`${what}.jpg`, bytes)]);
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
