import type { Pixels } from '../intake/pictures.ts';

export interface Tones {
  /** Percentiles of the luma, 0 to 255. */
  readonly lumaP5: number;
  readonly lumaP50: number;
  readonly lumaP95: number;
  readonly lumaP99: number;
}

/** Luma by ITU-R BT.601, in whole numbers, one byte per pixel. */
export function lumaOf({ width, height, data }: Pixels): Pixels {
  const luma = new Uint8Array(width * height);
  for (let i = 0, at = 0; i < luma.length; i++, at += 3)
    luma[i] = (data[at]! * 77 + data[at + 1]! * 150 + data[at + 2]! * 29) >> 8;
  return { width, height, data: luma };
}

/** Percentiles of a grey picture. */
export function tones({ data }: Pixels): Tones {
  const counts = new Uint32Array(256);
  for (const value of data) counts[value]!++;
  const percentile = (share: number) => {
    const rank = share * data.length;
    let below = 0;
    for (let value = 0; value < 256; value++) {
      below += counts[value]!;
      if (below >= rank) return value;
    }
    return 255;
  };
  return { lumaP5: percentile(0.05), lumaP50: percentile(0.5), lumaP95: percentile(0.95), lumaP99: percentile(0.99) };
}
