import type { Pixels } from '../intake/pictures.ts';

/** Tiles per axis, and how many of the sharpest count: a portrait may be out of focus everywhere but in the face. */
const TILES = 8;
const SHARPEST = 6;

/** Mean variance of the Laplacian in the sharpest 6 of 64 tiles. Falls with the light, so it is never used alone. */
export function tileDetail({ width, height, data }: Pixels): number {
  const sums = new Float64Array(TILES * TILES);
  const squares = new Float64Array(TILES * TILES);
  const counts = new Float64Array(TILES * TILES);
  for (let y = 1; y < height - 1; y++) {
    const row = Math.floor((y * TILES) / height) * TILES;
    for (let tileX = 0; tileX < TILES; tileX++) {
      const from = Math.max(1, Math.ceil((tileX * width) / TILES));
      const to = Math.min(width - 1, Math.ceil(((tileX + 1) * width) / TILES));
      let sum = 0;
      let square = 0;
      for (let at = y * width + from; at < y * width + to; at++) {
        const value = 4 * data[at]! - data[at - 1]! - data[at + 1]! - data[at - width]! - data[at + width]!;
        sum += value;
        square += value * value;
      }
      sums[row + tileX]! += sum;
      squares[row + tileX]! += square;
      counts[row + tileX]! += Math.max(0, to - from);
    }
  }
  const variances = sums.map((sum, i) => {
    const count = Math.max(1, counts[i]!);
    return squares[i]! / count - (sum / count) ** 2;
  });
  const sharpest = variances.toSorted((a, b) => b - a).slice(0, SHARPEST);
  return sharpest.reduce((total, variance) => total + variance, 0) / SHARPEST;
}
