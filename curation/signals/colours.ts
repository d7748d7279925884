import type { Pixels } from '../intake/pictures.ts';

/** Levels per channel of the coarse histogram: 4 x 4 x 4 colours. */
const LEVEL_BITS = 2;
const COLOUR_BINS = 4 ** 3;

export interface Colours {
  /** Hasler and Suesstrunk (2003), on RGB from 0 to 255: 0 is grey, 30 fairly colourful, above 80 loud. */
  readonly colourfulness: number;
  /** Share of the pixels in each coarse colour, 0 to 255. */
  readonly histogram: Uint8Array;
}

/** Every fourth pixel says as much about the colours of a photo. */
const PIXEL_STEP = 4;

/** How colourful a picture is, and with which colours. */
export function colours({ data }: Pixels): Colours {
  const counts = new Uint32Array(COLOUR_BINS);
  const shift = 8 - LEVEL_BITS;
  let sumRg = 0;
  let sumYb = 0;
  let squaresRg = 0;
  let squaresYb = 0;
  for (let at = 0; at < data.length; at += 3 * PIXEL_STEP) {
    const red = data[at]!;
    const green = data[at + 1]!;
    const blue = data[at + 2]!;
    const rg = red - green;
    const yb = (red + green) / 2 - blue;
    sumRg += rg;
    sumYb += yb;
    squaresRg += rg * rg;
    squaresYb += yb * yb;
    counts[((red >> shift) << (2 * LEVEL_BITS)) | ((green >> shift) << LEVEL_BITS) | (blue >> shift)]!++;
  }
  const pixels = Math.ceil(data.length / (3 * PIXEL_STEP));
  const meanRg = sumRg / pixels;
  const meanYb = sumYb / pixels;
  const variance = Math.max(0, squaresRg / pixels - meanRg ** 2 + squaresYb / pixels - meanYb ** 2);
  return {
    colourfulness: Math.sqrt(variance) + 0.3 * Math.sqrt(meanRg ** 2 + meanYb ** 2),
    histogram: Uint8Array.from(counts, (count) => Math.round((255 * count) / pixels)),
  };
}

/** 0 for the same mix of colours, 1 for none in common. */
export function colourDistance(a: Uint8Array, b: Uint8Array): number {
  let common = 0;
  let total = 0;
  for (let i = 0; i < COLOUR_BINS; i++) {
    common += Math.min(a[i]!, b[i]!);
    total += Math.max(a[i]!, b[i]!);
  }
  return total === 0 ? 0 : 1 - common / total;
}
