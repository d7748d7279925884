import type { PhotoMeasures } from '../signals/analysis.ts';

/** Side of a square area and sharpness from which more does not help a training. */
const FULL_SIDE_PX = 1_024;
const FULL_SHARPNESS = 0.7;
const FULL_COLOUR = 30;

/** How good a photo is by size, sharpness and colour, 0 to 1. */
export function quality({ width, height, sharpness, colourfulness }: PhotoMeasures): number {
  const size = Math.min(1, Math.sqrt(width * height) / FULL_SIDE_PX);
  const detail = Math.min(1, sharpness / FULL_SHARPNESS);
  const colour = Math.min(1, colourfulness / FULL_COLOUR);
  return 0.5 * size + 0.4 * detail + 0.1 * colour;
}

/**
 * Orders photos, the best first: real detail at training size (an enlarged copy has the pixels but not the sharpness), then no
 * borders, then the larger file (less compression), then sha256.
 */
export function byOriginality(a: RankedPhoto, b: RankedPhoto): number {
  return (
    qualityTier(a.measures) - qualityTier(b.measures) ||
    b.measures.sizeBytes - a.measures.sizeBytes ||
    (a.sha256 < b.sha256 ? -1 : a.sha256 > b.sha256 ? 1 : 0)
  );
}

interface RankedPhoto {
  readonly sha256: string;
  readonly measures: PhotoMeasures;
}

/** Real detail inside the borders, as the side of a square in pixels. */
export function detailSide({ width, height, sharpness, borderShare }: PhotoMeasures): number {
  const side = Math.min(FULL_SIDE_PX, Math.sqrt(width * height * (1 - borderShare)));
  return side * Math.min(1, sharpness / FULL_SHARPNESS) ** 1.5;
}

/** Share of a picture in borders from which they count; a photo with borders must have this many steps more detail. */
const BORDERED = 0.01;
const BORDER_STEPS = 1.5;

/**
 * Smaller is better: real detail in steps of about 20 %, since smaller differences say nothing, less for borders. Photos of one
 * tier are equally good by what can be measured of each alone.
 */
export function qualityTier(measures: PhotoMeasures): number {
  return (measures.borderShare > BORDERED ? BORDER_STEPS : 0) - detailStep(measures);
}

function detailStep(measures: PhotoMeasures): number {
  return Math.round(5 * Math.log(detailSide(measures) + 1));
}
