import type { Pixels } from '../intake/pictures.ts';

/** A part of a picture, in its pixels. */
export interface Area {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** The part of a grey picture inside its bars: rows and columns at the edges that are even and of one tone. */
export function insideBars({ width, height, data }: Pixels): Area {
  const row = (y: number) => tone((i) => data[y * width + i]!, width);
  const column = (x: number) => tone((i) => data[i * width + x]!, height);
  const top = barLength(row, 0, 1, height);
  const bottom = barLength(row, height - 1, -1, height);
  const left = barLength(column, 0, 1, width);
  const right = barLength(column, width - 1, -1, width);
  const inside = { left, top, width: width - left - right, height: height - top - bottom };
  // An even picture, or one small thing on an even ground: nothing that could be called a bar.
  return inside.width < width / 4 || inside.height < height / 4 ? { left: 0, top: 0, width, height } : inside;
}

/** Variance below which a line is even, and how far its tone may drift from the first line of its bar. */
const BAR_VARIANCE = 16;
const BAR_DRIFT = 6;

function barLength(
  line: (index: number) => { mean: number; variance: number },
  start: number,
  step: 1 | -1,
  lines: number,
): number {
  const first = line(start);
  let length = 0;
  while (length < lines) {
    const { mean, variance } = line(start + step * length);
    if (variance >= BAR_VARIANCE || Math.abs(mean - first.mean) >= BAR_DRIFT) break;
    length++;
  }
  return length;
}

function tone(valueAt: (index: number) => number, count: number): { mean: number; variance: number } {
  let sum = 0;
  let squares = 0;
  for (let i = 0; i < count; i++) {
    const value = valueAt(i);
    sum += value;
    squares += value * value;
  }
  const mean = sum / count;
  return { mean, variance: squares / count - mean * mean };
}

/** How much the edge of a bar stands out from the picture, in luma; an even background runs into its subject softly. */
const BAR_EDGE = 12;
/** How much two opposite bars may differ in length, as a share of the side. */
const BAR_BALANCE = 0.03;

/**
 * Share of the picture in bars that were put there (a film still, a phone's screenshot): on two opposite sides, of one tone,
 * equally long, with a hard edge. An even wall behind a person is none.
 */
export function barShare(picture: Pixels, inside: Area): number {
  const { width, height, data } = picture;
  const rowMean = (y: number) => tone((i) => data[y * width + i]!, width).mean;
  const columnMean = (x: number) => tone((i) => data[i * width + x]!, height).mean;
  const across = pairOfBars(inside.top, height - inside.top - inside.height, height, rowMean);
  const along = pairOfBars(inside.left, width - inside.left - inside.width, width, columnMean);
  return 1 - (1 - across) * (1 - along);
}

function pairOfBars(before: number, after: number, side: number, mean: (line: number) => number): number {
  if (before === 0 || after === 0 || Math.abs(before - after) > Math.max(1, BAR_BALANCE * side)) return 0;
  const tones = [mean(0), mean(side - 1)] as const;
  const edges = [Math.abs(mean(before) - tones[0]), Math.abs(mean(side - 1 - after) - tones[1])];
  if (Math.abs(tones[0] - tones[1]) >= BAR_DRIFT || edges.some((edge) => edge < BAR_EDGE)) return 0;
  return (before + after) / side;
}
