import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { animatedPng, bombPng, jpegScene, scene } from '../generated-photos.fixture.ts';
import { inspectPhoto, inspectPhotoFile } from './intake.ts';

const box = (...brands: string[]) => {
  const body = Buffer.from(`ftyp${brands[0]}\0\0\0\0${brands.slice(1).join('')}`, 'latin1');
  const size = Buffer.alloc(4);
  size.writeUInt32BE(body.length + 4);
  return Buffer.concat([size, body, Buffer.alloc(64)]);
};

describe('inspectPhoto', () => {
  it.each(['jpeg', 'png', 'webp', 'avif', 'tiff'] as const)('takes %s and says how large it is', async (format) => {
    const bytes = await (await scene(1, { width: 320, height: 200 })).toFormat(format).toBuffer();

    expect(await inspectPhoto(bytes)).toMatchObject({
      status: 'ok',
      mimeType: `image/${format}`,
      width: 320,
      height: 200,
    });
  });

  it('gives the upright size of a turned photo', async () => {
    const bytes = await (
      await scene(1, { width: 320, height: 200 })
    )
      .withMetadata({ orientation: 6 })
      .jpeg()
      .toBuffer();

    expect(await inspectPhoto(bytes)).toMatchObject({ width: 200, height: 320 });
  });

  it('looks at a file as at bytes', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tempera-intake-'));
    try {
      const path = join(folder, 'photo.jpg');
      await writeFile(path, await jpegScene(1));

      expect(await inspectPhotoFile(path)).toMatchObject({ status: 'ok', width: 900, height: 700 });
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it.each([
    ['nothing', Buffer.alloc(0), 'unreadable', 'empty'],
    ['text', Buffer.from('just words, not a photo'), 'unsupported_format', 'text'],
    [
      'SVG',
      Buffer.from('<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg" width="900" height="900"/>'),
      'unsupported_format',
      'SVG',
    ],
    ['HTML', Buffer.from('<!DOCTYPE html><html><body>hi</body></html>'), 'unsupported_format', 'HTML'],
    ['GIF', Buffer.from('GIF89a\x01\0\x01\0', 'latin1'), 'unsupported_format', 'GIF'],
    ['PDF', Buffer.from('%PDF-1.7\n'), 'unsupported_format', 'PDF'],
    ['HEIC', box('heic', 'mif1', 'heic'), 'unsupported_format', 'HEIC'],
    ['an AVIF sequence', box('avis', 'avif'), 'animated', 'AVIF'],
    ['a video', box('isom', 'mp42'), 'unsupported_format', 'video'],
    ['random bytes', Buffer.from([0, 1, 2, 3, 4, 5, 6, 7]), 'unsupported_format', 'not a JPEG'],
    ['a JPEG header and nothing else', Buffer.from([0xff, 0xd8, 0xff, 0xe0]), 'unreadable', 'damaged'],
    ['31 MB', Buffer.concat([Buffer.from([0xff, 0xd8, 0xff]), Buffer.alloc(31 * 1024 * 1024)]), 'too_large', '30 MB'],
  ])('refuses %s', async (_what, bytes, reason, words) => {
    const inspection = await inspectPhoto(bytes);

    expect(inspection).toMatchObject({ status: 'rejected', reason });
    expect(inspection).toHaveProperty('message', expect.stringContaining(words));
  });

  it('refuses a picture of 900 megapixels in a small file without unpacking it', async () => {
    const bomb = bombPng(30_000);
    const before = process.memoryUsage().rss;

    const inspection = await inspectPhoto(bomb);

    expect(bomb.length).toBeLessThan(1_000_000);
    expect(inspection).toMatchObject({
      status: 'rejected',
      reason: 'too_large',
      message: expect.stringContaining('100 megapixels'),
    });
    expect(process.memoryUsage().rss - before).toBeLessThan(50e6);
  });

  it('refuses animations', async () => {
    const frames = [
      await (await scene(1, { width: 64, height: 64 })).png().toBuffer(),
      await (await scene(2, { width: 64, height: 64 })).png().toBuffer(),
    ];
    const { default: sharp } = await import('sharp');
    const webp = await sharp(frames, { join: { animated: true } })
      .webp()
      .toBuffer();

    expect(await inspectPhoto(webp)).toMatchObject({ status: 'rejected', reason: 'animated' });
    expect(await inspectPhoto(animatedPng(frames[0]!))).toMatchObject({ status: 'rejected', reason: 'animated' });
  });
});
