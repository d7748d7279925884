import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { jpegScene, scene } from './generated-photos.fixture.ts';
import { preparePhoto } from './prepare.ts';

async function pixel(jpeg: Buffer, x: number, y: number): Promise<number[]> {
  return [...(await sharp(jpeg).extract({ left: x, top: y, width: 1, height: 1 }).raw().toBuffer())];
}

describe('preparePhoto', () => {
  it('makes a JPEG with full colour resolution and without metadata', async () => {
    const exif = { IFD0: { Copyright: 'somebody' }, IFD3: { GPSLatitude: '51/1 30/1 0/1' } };
    const photo = await (
      await scene(1)
    )
      .withExif(exif)
      .withXmp('<x:xmpmeta xmlns:x="adobe:ns:meta/"/>')
      .jpeg()
      .toBuffer();

    const { jpeg, width, height } = await preparePhoto(photo);

    const metadata = await sharp(jpeg).metadata();
    expect(metadata).toMatchObject({
      format: 'jpeg',
      width: 900,
      height: 700,
      channels: 3,
      space: 'srgb',
      chromaSubsampling: '4:4:4',
      hasProfile: false,
    });
    expect(metadata).not.toHaveProperty('exif');
    expect(metadata).not.toHaveProperty('xmp');
    expect({ width, height }).toEqual({ width: 900, height: 700 });
  });

  it('bakes the orientation in', async () => {
    const upright = await sharp({ create: { width: 400, height: 300, channels: 3, background: '#00f' } })
      .composite([{ input: { create: { width: 400, height: 100, channels: 3, background: '#f00' } }, left: 0, top: 0 }])
      .png()
      .toBuffer();
    const stored = await sharp(upright).rotate(-90).withMetadata({ orientation: 6 }).jpeg().toBuffer();

    const { jpeg, width, height } = await preparePhoto(stored);

    expect({ width, height }).toEqual({ width: 400, height: 300 });
    expect((await pixel(jpeg, 200, 20))[0]).toBeGreaterThan(200);
    expect((await pixel(jpeg, 200, 280))[2]).toBeGreaterThan(200);
  });

  it('lays transparency on white', async () => {
    const clear = await sharp({
      create: { width: 300, height: 300, channels: 4, background: { r: 0, g: 0, b: 0, alpha: 0 } },
    })
      .png()
      .toBuffer();

    const { jpeg } = await preparePhoto(clear);

    expect(await pixel(jpeg, 150, 150)).toEqual([255, 255, 255]);
  });

  it.each([
    ['grey', async () => (await scene(1)).greyscale().png().toBuffer()],
    ['CMYK', async () => (await scene(1)).toColourspace('cmyk').jpeg().toBuffer()],
    ['16-bit', async () => (await scene(1)).toColourspace('rgb16').png().toBuffer()],
    ['Display P3', async () => (await scene(1)).withIccProfile('p3').jpeg().toBuffer()],
  ])('turns %s photos into sRGB with three channels', async (_what, make) => {
    const { jpeg } = await preparePhoto(await make());

    expect(await sharp(jpeg).metadata()).toMatchObject({
      channels: 3,
      space: 'srgb',
      depth: 'uchar',
      hasProfile: false,
    });
  });

  it('shrinks the long side to 2,048 and enlarges nothing', async () => {
    expect(await preparePhoto(await jpegScene(1, { width: 3_000, height: 1_500 }))).toMatchObject({
      width: 2_048,
      height: 1_024,
    });
    expect(await preparePhoto(await jpegScene(1, { width: 300, height: 400 }))).toMatchObject({
      width: 300,
      height: 400,
    });
  });

  it('gives the same bytes for the same photo', async () => {
    const photo = await jpegScene(1);

    expect((await preparePhoto(photo)).jpeg.equals((await preparePhoto(photo)).jpeg)).toBe(true);
  });

  it('throws for a damaged photo', async () => {
    const photo = await jpegScene(1);

    await expect(preparePhoto(photo.subarray(0, 20_000))).rejects.toThrow();
  });
});
