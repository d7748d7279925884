import type { Pixels } from '../intake/pictures.ts';

/** Samples of the running mean that blurs a line again. */
const WINDOW = 9;
/** Every third line is enough and costs a third. */
const LINE_STEP = 3;

/**
 * How much detail a picture has to lose, 0 to 1: blur it again and compare the differences between neighbours before and
 * after. A soft picture loses little. Smaller value of the two directions, so that motion blur counts; independent of
 * exposure, unlike the variance of a Laplacian.
 */
export function sharpness({ width, height, data }: Pixels): number {
  const horizontal = lossOfDetail({ lines: height, length: width, at: (line, i) => data[line * width + i]! });
  const vertical = lossOfDetail({ lines: width, length: height, at: (line, i) => data[i * width + line]! });
  return Math.min(horizontal, vertical);
}

function lossOfDetail({
  lines,
  length,
  at,
}: {
  lines: number;
  length: number;
  at: (line: number, i: number) => number;
}): number {
  let differences = 0;
  let losses = 0;
  for (let line = 0; line < lines; line += LINE_STEP) {
    let sum = 0;
    for (let i = 0; i < Math.min(WINDOW, length); i++) sum += at(line, i);
    for (let i = WINDOW; i < length; i++) {
      // The mean over [i-9, i-1] stands for sample i-5, the one over [i-8, i] for sample i-4.
      const before = sum / WINDOW;
      sum += at(line, i) - at(line, i - WINDOW);
      const difference = Math.abs(at(line, i - 4) - at(line, i - 5));
      differences += difference;
      losses += Math.max(0, difference - Math.abs(sum / WINDOW - before));
    }
  }
  return differences === 0 ? 0 : losses / differences;
}
