import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { hostileContainers } from '../../dev/hostile-containers/index.ts';
import type { HostileContainers } from '../../dev/hostile-containers/index.ts';
import { jpegScene, scene } from '../generated-photos.fixture.ts';
import { RefusedPicture } from './container.ts';
import { safeBytes } from './safe-bytes.ts';

let files: HostileContainers;
beforeAll(async () => {
  files = await hostileContainers(await jpegScene(1));
}, 120_000);

const pixelsOf = async (bytes: Uint8Array) => await sharp(bytes).raw().toBuffer();

describe('safeBytes', () => {
  it('leaves out what is too much, to the byte', async () => {
    const heavy = files.hostile.filter(({ reason, name }) => reason === null && !name.startsWith('exif'));
    const wrong: string[] = [];
    for (const { name, bytes } of heavy) {
      const good = files.good.find((one) => one.name.split('.')[1] === name.split('.')[1])!;
      const safe = safeBytes(bytes);
      // The boxes of an AVIF name places of the file: nothing can be taken out of it.
      const isLight = name.endsWith('.avif') || safe.length <= good.bytes.length + 18;
      if (!isLight || !(await pixelsOf(safe)).equals(await pixelsOf(good.bytes)))
        wrong.push(`${name}: ${safe.length} bytes`);
    }

    expect(heavy.length).toBeGreaterThan(15);
    expect(wrong).toEqual([]);
  });

  it('refuses what no photo has, with a sentence', () => {
    const refused = files.hostile.filter(({ reason }) => reason === 'unsafe');

    expect(refused.length).toBeGreaterThan(10);
    for (const { bytes } of refused) {
      expect(refusalOf(bytes)).toMatchObject({
        reason: 'unsafe',
        message: expect.stringMatching(/^The file was not opened: .+\. Save the photo again without metadata\.$/),
      });
    }
  });

  it.each(['jpeg', 'png', 'webp', 'tiff', 'avif'] as const)('hands a good %s on as it is', async (format) => {
    const bytes = await (await scene(2, { width: 128, height: 96 })).toFormat(format).toBuffer();

    expect(safeBytes(bytes)).toBe(bytes);
  });

  it.each(['jpeg', 'png', 'webp'] as const)(
    'keeps profile and orientation of a %s, and no GPS text',
    async (format) => {
      const bytes = await (
        await scene(2)
      )
        .withMetadata({ orientation: 6 })
        .withIccProfile('p3')
        .withXmp('<x:xmpmeta xmlns:x="adobe:ns:meta/"><place>at home</place></x:xmpmeta>')
        .toFormat(format)
        .toBuffer();

      const before = await sharp(bytes).metadata();
      const safe = safeBytes(bytes);
      const after = await sharp(safe).metadata();

      expect(before.xmp).toBeDefined();
      expect(after.xmp).toBeUndefined();
      expect(after).toMatchObject({ orientation: 6, icc: before.icc, width: before.width, height: before.height });
      expect((await pixelsOf(safe)).equals(await pixelsOf(bytes))).toBe(true);
    },
  );

  it.each(['jpeg', 'png', 'webp'] as const)(
    'notices two missing bytes at the end of a %s, and takes more',
    async (format) => {
      const bytes = await (await scene(4)).toFormat(format).toBuffer();

      expect((await pixelsOf(safeBytes(Buffer.concat([bytes, Buffer.from('appended')])))).length).toBe(900 * 700 * 3);
      if (format !== 'jpeg')
        expect(refusalOf(bytes.subarray(0, bytes.length - 2))).toMatchObject({
          reason: 'unreadable',
          message: 'The file is damaged or incomplete (its end is missing).',
        });
    },
  );

  it('takes any damage for a reason, never for an error of ours', async () => {
    const formats = ['jpeg', 'png', 'webp', 'tiff', 'avif'] as const;
    const small = await Promise.all(
      formats.map(async (format) => await (await scene(3, { width: 64, height: 48 })).toFormat(format).toBuffer()),
    );
    let state = 7;
    const random = (below: number) => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      return Math.floor((state / 2 ** 32) * below);
    };
    for (let round = 0; round < 4_000; round++) {
      const damaged = Buffer.from(small[round % small.length]!);
      for (let i = 0; i < 3; i++) damaged[random(Math.min(damaged.length, 600))] = random(2) ? random(256) : 0xff;
      const cut = damaged.subarray(0, random(4) ? damaged.length : random(damaged.length));
      const refusal = refusalOf(cut);
      if (refusal !== null) expect(refusal).toBeInstanceOf(RefusedPicture);
    }
  });
});

function refusalOf(bytes: Uint8Array): unknown {
  try {
    safeBytes(bytes);
    return null;
  } catch (error) {
    return error;
  }
}
