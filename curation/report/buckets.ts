import type { Bucket } from './report.ts';

interface Size {
  readonly width: number;
  readonly height: number;
}

/**
 * The sizes that AI Toolkit will cut the photos to, smallest resolution first, then the fullest bucket. Its rule
 * (toolkit/buckets.py, 27a03a91): the area of the photo but at most that of the resolution, shape kept; each side goes down
 * or up to the divisor, whichever comes nearest to that area without passing the resolution's. Nothing is enlarged beyond that.
 */
export function bucketTable(
  sizes: readonly Size[],
  { resolutions, divisor }: { readonly resolutions: readonly number[]; readonly divisor: number },
): Bucket[] {
  return [...new Set(resolutions)]
    .toSorted((a, b) => a - b)
    .flatMap((resolution) => {
      const buckets = new Map<string, Bucket>();
      for (const size of sizes) {
        const { width, height } = bucketOf(size, resolution, divisor);
        const key = `${width}x${height}`;
        buckets.set(key, { resolution, width, height, photos: (buckets.get(key)?.photos ?? 0) + 1 });
      }
      return [...buckets.values()].toSorted((a, b) => b.photos - a.photos || a.width - b.width || a.height - b.height);
    });
}

function bucketOf({ width, height }: Size, resolution: number, divisor: number): Size {
  const most = resolution * resolution;
  const wanted = Math.min(width * height, most);
  const scale = Math.sqrt(wanted / (width * height));
  const around = (side: number) =>
    [Math.floor, Math.ceil].map((round) => Math.max(1, round((side * scale) / divisor)) * divisor);
  const candidates = around(width).flatMap((w) => around(height).map((h) => ({ width: w, height: h })));
  const allowed = candidates.filter((size) => size.width * size.height <= most);
  // On a tie the first wins: the smaller width.
  return (allowed.length > 0 ? allowed : candidates.slice(0, 1)).reduce((best, size) =>
    Math.abs(size.width * size.height - wanted) < Math.abs(best.width * best.height - wanted) ? size : best,
  );
}
