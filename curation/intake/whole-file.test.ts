import { describe, expect, it } from 'vitest';
import { scene } from '../generated-photos.fixture.ts';
import { analysePhoto } from '../signals/analyse.ts';
import { fileDamage } from './whole-file.ts';

const MISSING_END = 'The file is damaged or incomplete (its end is missing).';

describe('fileDamage', () => {
  it.each(['jpeg', 'png', 'webp'] as const)(
    'notices two missing bytes at the end of a %s, and takes more',
    async (format) => {
      const bytes = await (await scene(4)).toFormat(format).toBuffer();
      const damageOf = (some: Buffer) => fileDamage(some, `image/${format}`);

      expect(damageOf(bytes)).toBeNull();
      expect(damageOf(Buffer.concat([bytes, Buffer.from('appended')]))).toBeNull();
      expect(damageOf(bytes.subarray(0, bytes.length - 2))).toBe(MISSING_END);
    },
  );

  it.each(['avif', 'tiff'] as const)('leaves %s to libvips', async (format) => {
    expect(fileDamage(Buffer.alloc(100), `image/${format}`)).toBeNull();
  });

  it('ends soon with chunks that lie about their length', () => {
    for (const filling of [0, 0xff]) {
      expect(fileDamage(Buffer.alloc(8e6, filling), 'image/png')).toBe(MISSING_END);
      expect(fileDamage(Buffer.alloc(4, filling), 'image/webp')).toBe(MISSING_END);
    }
  });

  it('keeps a photo with damage in the middle from being trained on', async () => {
    const bytes = await (await scene(4)).jpeg().toBuffer();
    // No byte that a decoder takes for a marker: libvips shows grey from here on and says nothing.
    const from = Math.floor(bytes.length / 2);
    for (let i = 0; i < 4_096; i++) bytes[from + i] = (i * 97) % 251;

    const { analysis, picture } = await analysePhoto(bytes);

    expect(picture).toBeNull();
    expect(analysis).toMatchObject({
      status: 'rejected',
      reason: 'unreadable',
      message: expect.stringMatching(/^The file is damaged or incomplete \(.+\)\.$/),
    });
  });
});
