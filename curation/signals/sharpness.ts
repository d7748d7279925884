import type { Pixels } from '../intake/pictures.ts';

/** Samples of the running mean that blurs a line again. */
const WINDOW = 9;
/** Every third line is enough and costs a third. */
const LINE_STEP = 3;
/** Neighbours on a diagonal lie further apart, so a diagonal has more to lose: measured against the two straight directions. */
const DIAGONAL_FACTOR = 0.93;

/**
 * How much fine detail a picture has to lose, 0 to 1: blur every line again and compare the differences between neighbours
 * before and after. A soft picture loses little. The smallest of four directions, so that motion blur counts; independent of
 * exposure, unlike the variance of a Laplacian.
 */
export function sharpness({ width, height, data }: Pixels): number {
  const horizontal = lossOfDetail(data, straightLines(height, width, width, 1));
  const vertical = lossOfDetail(data, straightLines(width, height, 1, width));
  const falling = lossOfDetail(data, diagonalLines(width, height, 1));
  const rising = lossOfDetail(data, diagonalLines(width, height, -1));
  return Math.min(horizontal, vertical, DIAGONAL_FACTOR * falling, DIAGONAL_FACTOR * rising);
}

/** Where a line begins in the data, the distance from one sample to the next, and how many there are. */
interface Line {
  readonly start: number;
  readonly step: number;
  readonly length: number;
}

function straightLines(lines: number, length: number, lineStep: number, step: number): Line[] {
  const result: Line[] = [];
  for (let line = 0; line < lines; line += LINE_STEP) result.push({ start: line * lineStep, step, length });
  return result;
}

/** Diagonals that begin at the top edge and at the left (or right) edge. */
function diagonalLines(width: number, height: number, direction: 1 | -1): Line[] {
  const result: Line[] = [];
  const step = width + direction;
  const column = (offset: number) => (direction === 1 ? offset : width - 1 - offset);
  for (let x = 0; x < width; x += LINE_STEP)
    result.push({ start: column(x), step, length: Math.min(width - x, height) });
  for (let y = LINE_STEP; y < height; y += LINE_STEP)
    result.push({ start: y * width + column(0), step, length: Math.min(width, height - y) });
  return result;
}

function lossOfDetail(data: Uint8Array, lines: readonly Line[]): number {
  let differences = 0;
  let losses = 0;
  for (const { start, step, length } of lines) {
    if (length <= WINDOW) continue;
    for (let i = WINDOW, at = start + WINDOW * step; i < length; i++, at += step) {
      // From sample i-5 to i-4 the running mean over nine samples moves by a ninth of this.
      const change = data[at]! - data[at - WINDOW * step]!;
      const difference = Math.abs(data[at - 4 * step]! - data[at - 5 * step]!);
      differences += difference;
      const loss = difference - Math.abs(change) / WINDOW;
      if (loss > 0) losses += loss;
    }
  }
  return differences === 0 ? 0 : losses / differences;
}
