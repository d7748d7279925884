import { describe, expect, it } from 'vitest';
import { bucketTable } from './buckets.ts';

describe('bucketTable', () => {
  it.each([
    [{ width: 1_000, height: 1_000 }, 1_024, 16, '992x1008'],
    [{ width: 3_000, height: 300 }, 512, 16, '1632x160'],
    [{ width: 256, height: 256 }, 512, 16, '256x256'],
    [{ width: 256, height: 256 }, 1_024, 16, '256x256'],
    [{ width: 2_048, height: 2_048 }, 512, 16, '512x512'],
    [{ width: 2_048, height: 1_536 }, 1_024, 32, '1152x896'],
    [{ width: 8, height: 8 }, 512, 16, '16x16'],
  ])('puts %j at %i with divisor %i into %s', (size, resolution, divisor, bucket) => {
    const [only] = bucketTable([size], { resolutions: [resolution], divisor });

    expect(`${only!.width}x${only!.height}`).toBe(bucket);
  });

  it('never passes the area of the resolution and keeps the shape within a step', () => {
    const sizes = Array.from({ length: 300 }, (_, i) => ({ width: 260 + i * 11, height: 2_900 - i * 8 }));
    for (const size of sizes) {
      const [bucket] = bucketTable([size], { resolutions: [768], divisor: 16 });
      const scale = Math.sqrt(Math.min(1, 768 ** 2 / (size.width * size.height)));

      expect(bucket!.width * bucket!.height).toBeLessThanOrEqual(768 ** 2);
      expect(Math.abs(bucket!.width - size.width * scale)).toBeLessThan(16);
      expect(Math.abs(bucket!.height - size.height * scale)).toBeLessThan(16);
    }
  });

  it('counts photos by resolution, the fullest bucket first', () => {
    const square = { width: 1_024, height: 1_024 };
    const tall = { width: 768, height: 1_024 };

    expect(bucketTable([tall, square, square], { resolutions: [1_024, 512, 512], divisor: 16 })).toEqual([
      { resolution: 512, width: 512, height: 512, photos: 2 },
      { resolution: 512, width: 448, height: 576, photos: 1 },
      { resolution: 1_024, width: 1_024, height: 1_024, photos: 2 },
      { resolution: 1_024, width: 768, height: 1_024, photos: 1 },
    ]);
  });

  it('is empty without photos', () => {
    expect(bucketTable([], { resolutions: [512], divisor: 16 })).toEqual([]);
  });
});
