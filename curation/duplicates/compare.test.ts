import sharp from 'sharp';
import type { Sharp } from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { jpegScene } from '../generated-photos.fixture.ts';
import { analysePhoto } from '../signals/analyse.ts';
import { comparePhotos } from './compare.ts';
import type { ComparedPhoto } from './compare.ts';
import { prepareComparison } from './windows.ts';

async function prepared(bytes: Uint8Array): Promise<ComparedPhoto> {
  const { analysis } = await analysePhoto(bytes);
  if (analysis.status === 'rejected') throw new Error(analysis.message);
  return { fingerprint: analysis.fingerprint, comparison: prepareComparison(analysis.grey) };
}

describe('comparePhotos', () => {
  let original: Buffer;
  let known: ComparedPhoto;

  beforeAll(async () => {
    original = await jpegScene(31, { width: 1_000, height: 800 });
    known = await prepared(original);
  });

  const changed = async (change: (picture: Sharp) => Sharp) =>
    comparePhotos(known, await prepared(await change(sharp(original)).jpeg({ quality: 80 }).toBuffer()));

  it.each<[string, (picture: Sharp) => Sharp]>([
    ['a smaller one', (picture) => picture.resize(400)],
    ['a mirrored one', (picture) => picture.flop()],
    ['one on its side', (picture) => picture.rotate(270)],
    ['a stretched one', (picture) => picture.resize(1_000, 650, { fit: 'fill' })],
    ['a padded one', (picture) => picture.extend({ top: 60, bottom: 60, left: 50, right: 50, background: '#fff' })],
    ['a grey one', (picture) => picture.greyscale()],
  ])('calls %s a copy', async (_name, change) => {
    expect(await changed(change)).toMatchObject({ relation: 'copy' });
  });

  it.each([
    ['a small corner', { left: 400, top: 300, width: 580, height: 480 }, 0.348],
    ['a wide strip', { left: 0, top: 250, width: 1_000, height: 500 }, 0.625],
    ['nearly all', { left: 60, top: 40, width: 880, height: 720 }, 0.792],
  ])('finds the crop that shows %s, and how much it is', async (_name, area, share) => {
    const found = await changed((picture) => picture.extract(area));

    expect(found).toMatchObject({ relation: 'crop', part: 'b' });
    expect(found.match).toBeGreaterThan(0.985);
    expect(found.share).toBeCloseTo(share, 1);
  });

  it('finds a mirrored crop from either side', async () => {
    const crop = await sharp(original)
      .extract({ left: 100, top: 100, width: 750, height: 600 })
      .flop()
      .jpeg()
      .toBuffer();
    const other = await prepared(crop);

    expect(comparePhotos(known, other)).toMatchObject({ relation: 'crop', part: 'b' });
    expect(comparePhotos(other, known)).toMatchObject({ relation: 'crop', part: 'a' });
  });

  it('calls a slightly turned one similar at least', async () => {
    const turned = await sharp(original).rotate(1.5).toBuffer();
    const { width, height } = await sharp(turned).metadata();
    const straight = sharp(turned).extract({ left: 40, top: 40, width: width - 80, height: height - 80 });

    const { relation } = comparePhotos(known, await prepared(await straight.jpeg().toBuffer()));

    expect(['copy', 'crop', 'similar']).toContain(relation);
  });

  it('keeps different pictures apart', async () => {
    for (const seed of [32, 33, 34, 35])
      expect(comparePhotos(known, await prepared(await jpegScene(seed)))).toMatchObject({ relation: null });
  });

  it('does not pair two skies over dark land by their skies', async () => {
    const land = async (seed: number) => {
      const [width, height, horizon] = [900, 600, 300 + 37 * (seed % 3)];
      const pixels = Buffer.alloc(width * height * 3);
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++) {
          // The sky brightens towards a soft horizon; the land is dark, its hills are others each time.
          const hills = Math.sin(x / (20 + 9 * (seed % 4)) + seed) + Math.sin(x / 13 - seed);
          const land = 1 / (1 + Math.exp((horizon + 6 * hills - y) / 8));
          const cloud = 5 * Math.sin((x + 40 * seed) / (15 + (seed % 7))) * Math.sin((y * seed) / 500);
          pixels.fill(
            (1 - land) * (110 + (120 * y) / horizon + cloud) + land * 30,
            (y * width + x) * 3,
            (y * width + x) * 3 + 3,
          );
        }
      }
      return await prepared(
        await sharp(pixels, { raw: { width, height, channels: 3 } })
          .jpeg()
          .toBuffer(),
      );
    };

    expect(comparePhotos(await land(41), await land(43))).toMatchObject({ relation: null });
  });

  it('says nothing of even pictures', async () => {
    const even = await prepared(
      await sharp({ create: { width: 500, height: 500, channels: 3, background: '#778899' } })
        .png()
        .toBuffer(),
    );

    expect(comparePhotos(even, even)).toMatchObject({ relation: null, match: null });
  });
});
