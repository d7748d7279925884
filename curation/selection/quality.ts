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
 * Orders copies of one photo, the best first: real detail at training size (an enlarged copy has the pixels but not the
 * sharpness), then the larger file (less compression), then sha256.
 */
export function byOriginality(a: RankedPhoto, b: RankedPhoto): number {
  return (
    detailStep(b.measures) - detailStep(a.measures) ||
    b.measures.sizeBytes - a.measures.sizeBytes ||
    (a.sha256 < b.sha256 ? -1 : a.sha256 > b.sha256 ? 1 : 0)
  );
}

interface RankedPhoto {
  readonly sha256: string;
  readonly measures: PhotoMeasures;
}

/** In steps of about 10 %, since smaller differences say nothing. */
function detailStep({ width, height, sharpness, barShare }: PhotoMeasures): number {
  const side = Math.min(FULL_SIDE_PX, Math.sqrt(width * height * (1 - barShare)));
  return Math.round(10 * Math.log(side * Math.min(1, sharpness / FULL_SHARPNESS) ** 1.5 + 1));
}
