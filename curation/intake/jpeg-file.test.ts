import { randomBytes } from 'node:crypto';
import sharp from 'sharp';
import type { JpegOptions } from 'sharp';
import { describe, expect, it } from 'vitest';
import { jpegScene, scene } from '../generated-photos.fixture.ts';
import { walkJpeg } from './jpeg-file.ts';

/** Everything that mozjpeg does, without its progressive scans. */
const MOZJPEG: JpegOptions = { trellisQuantisation: true, overshootDeringing: true, quantisationTable: 3 };

describe('walkJpeg on whole files', () => {
  it.each<[string, JpegOptions]>([
    ['quality 100', { quality: 100, chromaSubsampling: '4:4:4' }],
    ['quality 90', { quality: 90 }],
    ['quality 10', { quality: 10 }],
    ['standard tables', { optimiseCoding: false }],
    ['4:4:4', { chromaSubsampling: '4:4:4' }],
    ['trellis and deringing', MOZJPEG],
    ['trellis at quality 30', { ...MOZJPEG, quality: 30 }],
  ])('finds nothing with %s, in any size and colour', async (_name, options) => {
    for (const [width, height] of [
      [640, 480],
      [333, 257],
      [17, 9],
      [8, 8],
      [1, 1],
    ] as const) {
      const picture = await scene(width, { width, height });
      const coloured = await Promise.all(
        (['srgb', 'b-w', 'cmyk'] as const).map((space) =>
          picture.clone().toColourspace(space).jpeg(options).toBuffer(),
        ),
      );

      expect(coloured.map((bytes) => walkJpeg(bytes))).toEqual(coloured.map(() => ({ status: 'whole' })));
    }
  });

  it.each([
    { sampling: [0x11] },
    { sampling: [0x22] },
    { sampling: [0x22, 0x11, 0x11] },
    { sampling: [0x21, 0x11, 0x11] },
    { sampling: [0x12, 0x11, 0x11] },
    { sampling: [0x41, 0x11, 0x11] },
    { sampling: [0x11, 0x11, 0x11] },
  ])(
    'knows how much belongs to sampling $sampling, in one scan and in several, with and without restarts',
    async (one) => {
      for (const isInterleaved of [true, false]) {
        for (const restartInterval of [0, 1, 5]) {
          const bytes = flatJpeg({ ...one, isInterleaved, restartInterval });

          // What libvips takes without a warning is a good file.
          await sharp(bytes, { failOn: 'warning' }).raw().toBuffer();
          expect(walkJpeg(bytes)).toEqual({ status: 'whole' });
        }
      }
    },
  );

  it('is not confused by a thumbnail before the picture or anything behind it', async () => {
    const photo = await jpegScene(1);
    const thumbnail = await sharp(photo).resize(160).jpeg().toBuffer();
    const exif = segment(0xe1, Buffer.concat([Buffer.from('Exif\0\0'), thumbnail]));
    const withThumbnail = Buffer.concat([photo.subarray(0, 2), exif, photo.subarray(2)]);

    for (const trailer of [thumbnail, Buffer.alloc(1_000), randomBytes(1_000)])
      expect(walkJpeg(Buffer.concat([withThumbnail, trailer]))).toEqual({ status: 'whole' });
  });

  it('takes fill bytes before markers, and zeros after the data', async () => {
    const photo = await jpegScene(1);
    const end = photo.length - 2;
    const filled = (filling: Buffer) => Buffer.concat([photo.subarray(0, end), filling, photo.subarray(end)]);

    expect(walkJpeg(filled(Buffer.from([0xff, 0xff, 0xff])))).toEqual({ status: 'whole' });
    expect(walkJpeg(filled(Buffer.alloc(6)))).toEqual({ status: 'whole' });
  });

  it('says nothing about what is not sequential', async () => {
    const bytes = await (await scene(1)).jpeg({ progressive: true }).toBuffer();

    expect(walkJpeg(bytes)).toEqual({ status: 'unknown' });
  });
});

describe('walkJpeg on damaged files', () => {
  it.each([
    { kind: 'random', least: [0.8, 0.95, 0.98] },
    { kind: 'zeros', least: [0.55, 0.9, 0.98] },
    { kind: 'lost', least: [0.65, 0.95, 0.98] },
    { kind: 'without-markers', least: [0.7, 0.95, 0.98] },
  ] as const)('notices $kind bytes inside the picture', async ({ kind, least }) => {
    for (const [index, length] of [40, 600, 4_096].entries()) {
      let [found, of] = [0, 0];
      for (let seed = 1; seed <= 40; seed++) {
        const photo = await jpegScene(seed % 8);
        found += walkJpeg(damage(photo, kind, length, seed)).status === 'damaged' ? 1 : 0;
        of++;
      }

      expect(found / of).toBeGreaterThanOrEqual(least[index]!);
    }
  });

  it.each([
    ['its end', false, 2],
    ['its end', true, 2],
    ['its end, and a byte more', false, 3],
    ['half', false, 60_000],
    ['half', true, 60_000],
  ])('notices that %s is missing (progressive: %s)', async (_what, progressive, count) => {
    const photo = await (await scene(2)).jpeg({ quality: 90, progressive }).toBuffer();

    expect(walkJpeg(photo.subarray(0, photo.length - count))).toMatchObject({ status: 'damaged' });
  });

  it('says where', async () => {
    const photo = await jpegScene(3);
    const cut = Buffer.concat([photo.subarray(0, photo.length / 2), Buffer.from([0xff, 0xd9])]);

    const wholeness = walkJpeg(cut);

    expect(wholeness).toMatchObject({
      message: expect.stringMatching(/^bits of the picture are missing at [3-7]\d %$/),
    });
  });

  it('notices restart markers that are missing or in the wrong order', () => {
    const bytes = flatJpeg({ sampling: [0x11], isInterleaved: true, restartInterval: 4 });
    const second = bytes.indexOf(Buffer.from([0xff, 0xd1]));
    const swapped = Buffer.from(bytes);
    swapped[second + 1] = 0xd2;
    const missing = Buffer.concat([bytes.subarray(0, second), bytes.subarray(second + 2)]);

    expect(walkJpeg(swapped)).toMatchObject({ status: 'damaged' });
    expect(walkJpeg(missing)).toMatchObject({ status: 'damaged' });
  });
});

describe('walkJpeg on hostile bytes', () => {
  it('answers whatever is changed anywhere', async () => {
    const random = randomFrom(7);
    const photo = await sharp(await jpegScene(1))
      .resize(200)
      .jpeg()
      .toBuffer();
    const scan = photo.indexOf(Buffer.from([0xff, 0xda]));
    for (let round = 0; round < 3_000; round++) {
      const bytes = Buffer.from(photo);
      // Mostly in the header: sizes, tables, lengths.
      for (let i = 0; i < 4; i++) bytes[2 + Math.floor(random() * (scan + 20))] = Math.floor(random() * 256);

      expect(['whole', 'damaged', 'unknown']).toContain(
        walkJpeg(bytes.subarray(0, 2 + random() * photo.length)).status,
      );
    }
  });

  it.each<[string, () => Buffer]>([
    ['nothing', () => Buffer.alloc(0)],
    ['random bytes', () => randomBytes(LARGE)],
    ['fill bytes', () => Buffer.alloc(LARGE, 0xff)],
    ['restart markers', () => Buffer.concat([START, repeated(Buffer.from([0xff, 0xd0]))])],
    ['tables again and again', () => Buffer.concat([START, repeated(TABLES)])],
    ['a huge picture of random bytes', () => huge(randomBytes(LARGE))],
    ['a huge picture of codes of one bit', () => huge(Buffer.alloc(LARGE))],
    ['a huge picture of restarts', () => huge(repeated(RESTARTS), 1)],
    ['the same scan again and again', () => huge(repeated(Buffer.concat([SCAN, Buffer.from([0x3f])])))],
    ['scans of a progressive file', () => Buffer.concat([START, frame(0xc2, 65_535, [0x11]), repeated(SCAN)])],
  ])(
    'ends soon with %s',
    (_what, make) => {
      const bytes = make();
      const before = process.cpuUsage();

      walkJpeg(bytes);

      // 0.1 to 0.9 s for 8 MB; a walk that is not linear would take minutes.
      expect(process.cpuUsage(before).user / 1e6).toBeLessThan(10);
    },
    60_000,
  );
});

const LARGE = 8e6;
const START = Buffer.from([0xff, 0xd8]);
const END = Buffer.from([0xff, 0xd9]);

/** One code of one bit each: for a difference of 0, and for the end of the block. */
const TABLES = segment(
  0xc4,
  Buffer.from([0, 1, ...Array.from({ length: 15 }, () => 0), 0, 0x10, 1, ...Array.from({ length: 15 }, () => 0), 0]),
);
const RESTARTS = Buffer.from([0, 1, 2, 3, 4, 5, 6, 7].flatMap((one) => [0x3f, 0xff, 0xd0 + one]));
const SCAN = segment(0xda, Buffer.from([1, 1, 0, 0, 63, 0]));

function segment(marker: number, body: Buffer): Buffer {
  const head = Buffer.from([0xff, marker, 0, 0]);
  head.writeUInt16BE(body.length + 2, 2);
  return Buffer.concat([head, body]);
}

function frame(marker: number, side: number, sampling: readonly number[]): Buffer {
  const head = Buffer.from([8, 0, 0, 0, 0, sampling.length]);
  head.writeUInt16BE(side, 1);
  head.writeUInt16BE(side, 3);
  return segment(marker, Buffer.concat([head, ...sampling.map((factors, i) => Buffer.from([i + 1, factors, 0]))]));
}

function huge(data: Buffer, restartInterval = 0): Buffer {
  const interval = segment(0xdd, Buffer.from([0, restartInterval]));
  return Buffer.concat([START, TABLES, frame(0xc0, 65_535, [0x11]), interval, SCAN, data]);
}

function repeated(bytes: Buffer): Buffer {
  return Buffer.alloc(LARGE, bytes);
}

interface FlatJpeg {
  readonly sampling: readonly number[];
  readonly isInterleaved: boolean;
  readonly restartInterval: number;
}

/** An even grey picture of 43 x 43 pixels, two bits per block: everything about its layout shows, and nothing else. */
function flatJpeg({ sampling, isInterleaved, restartInterval }: FlatJpeg): Buffer {
  const side = 43;
  const [widest, highest] = [
    Math.max(...sampling.map((one) => one >> 4)),
    Math.max(...sampling.map((one) => one & 15)),
  ];
  const quantisation = segment(0xdb, Buffer.from([0, ...Array.from({ length: 64 }, () => 1)]));
  const interval = segment(0xdd, Buffer.from([0, restartInterval]));
  const scanOf = (channels: readonly number[], mcus: number, blocksPerMcu: number) => {
    const names = channels.flatMap((channel) => [channel + 1, 0]);
    const parts = [segment(0xda, Buffer.from([channels.length, ...names, 0, 63, 0]))];
    const step = restartInterval || mcus;
    for (let done = 0; done < mcus; done += step) {
      if (done > 0) parts.push(Buffer.from([0xff, 0xd0 + ((done / step - 1) % 8)]));
      const bits = 2 * blocksPerMcu * Math.min(step, mcus - done);
      const data = Buffer.alloc(Math.ceil(bits / 8));
      if (bits % 8 > 0) data[data.length - 1] = 0xff >> (bits % 8);
      parts.push(data);
    }
    return Buffer.concat(parts);
  };
  const channels = sampling.map((_, i) => i);
  const units = Math.ceil(side / (8 * widest)) * Math.ceil(side / (8 * highest));
  const alone = (i: number) =>
    Math.ceil(Math.ceil((side * (sampling[i]! >> 4)) / widest) / 8) *
    Math.ceil(Math.ceil((side * (sampling[i]! & 15)) / highest) / 8);
  const scans =
    isInterleaved && channels.length > 1
      ? [
          scanOf(
            channels,
            units,
            sampling.reduce((sum, one) => sum + (one >> 4) * (one & 15), 0),
          ),
        ]
      : channels.map((i) => scanOf([i], alone(i), 1));
  return Buffer.concat([START, quantisation, TABLES, frame(0xc0, side, sampling), interval, ...scans, END]);
}

function damage(
  photo: Buffer,
  kind: 'random' | 'zeros' | 'lost' | 'without-markers',
  length: number,
  seed: number,
): Buffer {
  const random = randomFrom(seed * 31 + length);
  const scan = photo.lastIndexOf(Buffer.from([0xff, 0xda]));
  const from = Math.floor(scan + 200 + random() * (photo.length * 0.8 - scan - 200));
  if (kind === 'lost') return Buffer.concat([photo.subarray(0, from), photo.subarray(from + length)]);
  const damaged = Buffer.from(photo);
  const values = kind === 'zeros' ? 1 : kind === 'random' ? 256 : 255;
  for (let i = 0; i < length; i++) damaged[from + i] = Math.floor(random() * values);
  return damaged;
}

/** A linear congruential generator: enough to spoil bytes. */
function randomFrom(seed: number): () => number {
  let state = Math.imul(seed, 0x9e3779b1) >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
