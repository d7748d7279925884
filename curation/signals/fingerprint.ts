/**
 * A 256-bit hash of what a picture shows (after trimming bars of one colour): the signs of its lowest frequencies.
 * Copies that were resized, re-encoded, mirrored or turned keep it. The eight orientations come from one transform:
 * mirroring negates the odd horizontal frequencies, turning upside down the odd vertical ones, transposing swaps the
 * two.
 */
import { LIMITS } from '../limits.ts';

/** Side of the grey copy that is transformed. */
const SIDE = 64;
/** Frequencies kept per axis: 16 x 16 bits. */
const KEPT = 16;
/** Frequencies per axis of the coarse hash. */
const COARSE = 8;

export interface Fingerprint {
  /** Eight words of 32 bits. */
  readonly upright: Uint32Array;
  /** All eight orientations, the upright one first. */
  readonly orientations: readonly Uint32Array[];
  /** The 64 lowest frequencies alone, upright, two words: coarser, so it tolerates a slight rotation. */
  readonly coarse: Uint32Array;
}

/** Hashes a grey copy of 64 x 64; null when the picture shows next to nothing. */
export function fingerprint(luma: Uint8Array): Fingerprint | null {
  if (deviation(luma) < LIMITS.minHashContrast) return null;
  const frequencies = lowFrequencies(luma);
  const orientations: Uint32Array[] = [];
  for (const transpose of [false, true]) {
    for (const mirror of [false, true]) {
      for (const flip of [false, true]) orientations.push(signBits(turned(frequencies, { transpose, mirror, flip })));
    }
  }
  return { upright: orientations[0]!, orientations, coarse: signBits(lowest(frequencies, COARSE)) };
}

/** Differing bits of 256 between two pictures, the smallest over all orientations. */
export function fingerprintDistance(a: Fingerprint, b: Fingerprint): number {
  let smallest = Infinity;
  for (const orientation of a.orientations) smallest = Math.min(smallest, differingBits(orientation, b.upright));
  return smallest;
}

function deviation(luma: Uint8Array): number {
  let sum = 0;
  let squares = 0;
  for (const value of luma) {
    sum += value;
    squares += value * value;
  }
  const mean = sum / luma.length;
  return Math.sqrt(Math.max(0, squares / luma.length - mean * mean));
}

/**
 * Discrete cosine transform in both directions, only the 16 lowest frequencies of each: [vertical * 16 + horizontal].
 */
function lowFrequencies(luma: Uint8Array): Float64Array {
  const rows = new Float64Array(SIDE * KEPT);
  for (let y = 0; y < SIDE; y++) {
    for (let u = 0; u < KEPT; u++) {
      let sum = 0;
      for (let x = 0; x < SIDE; x++) sum += luma[y * SIDE + x]! * COSINES[u * SIDE + x]!;
      rows[y * KEPT + u] = sum;
    }
  }
  const result = new Float64Array(KEPT * KEPT);
  for (let v = 0; v < KEPT; v++) {
    for (let u = 0; u < KEPT; u++) {
      let sum = 0;
      for (let y = 0; y < SIDE; y++) sum += rows[y * KEPT + u]! * COSINES[v * SIDE + y]!;
      result[v * KEPT + u] = sum;
    }
  }
  return result;
}

const COSINES = new Float64Array(KEPT * SIDE).map((_, i) =>
  Math.cos(((2 * (i % SIDE) + 1) * Math.floor(i / SIDE) * Math.PI) / (2 * SIDE)),
);

function turned(frequencies: Float64Array, by: { transpose: boolean; mirror: boolean; flip: boolean }): Float64Array {
  return frequencies.map((_, i) => {
    const v = Math.floor(i / KEPT);
    const u = i % KEPT;
    const value = frequencies[by.transpose ? u * KEPT + v : i]!;
    return (by.mirror && u % 2 === 1) !== (by.flip && v % 2 === 1) ? -value : value;
  });
}

function lowest(frequencies: Float64Array, side: number): Float64Array {
  return new Float64Array(side * side).map((_, i) => frequencies[Math.floor(i / side) * KEPT + (i % side)]!);
}

/** Bit = above the median of all but the first; the first (the mean brightness) stays 0. */
function signBits(frequencies: Float64Array): Uint32Array {
  const median = frequencies.slice(1).sort()[(frequencies.length - 1) >> 1]!;
  const words = new Uint32Array(frequencies.length / 32);
  for (let i = 1; i < frequencies.length; i++) if (frequencies[i]! > median) words[i >> 5]! |= 1 << (i & 31);
  return words;
}

/** Differing bits of 64 between the coarse hashes of two upright pictures. */
export function coarseDistance(a: Fingerprint, b: Fingerprint): number {
  return differingBits(a.coarse, b.coarse);
}

function differingBits(a: Uint32Array, b: Uint32Array): number {
  let count = 0;
  for (let i = 0; i < a.length; i++) {
    let bits = (a[i]! ^ b[i]!) >>> 0;
    bits -= (bits >>> 1) & 0x55555555;
    bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333);
    count += (((bits + (bits >>> 4)) & 0x0f0f0f0f) * 0x01010101) >>> 24;
  }
  return count;
}
