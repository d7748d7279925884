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
  // An even picture, or one small thing on an even background: nothing that could be called a bar.
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

/**
 * A bar ends hard: this share of the picture's line beside it differs from the bar by at least so many steps of luma.
 */
const EDGE_SHARE = 0.4;
const EDGE_STEP = 10;
/** How much two opposite bars may differ in length, as a share of the side. */
const BAR_BALANCE = 0.03;

export interface Borders {
  /**
   * Share of the picture in bars that were put there (a film still, a phone's screenshot): on two opposite sides, of
   * one tone, equally long, with a hard edge. An even wall behind a person does not count.
   */
  readonly barShare: number;
  /**
   * Share of the picture in even strips with a hard edge on any side: an even sky over the sea too, so only for
   * comparing copies.
   */
  readonly borderShare: number;
}

export function borders(picture: Pixels, inside: Area): Borders {
  const { width, height, data } = picture;
  const row = (y: number) => ({ at: (i: number) => data[y * width + i]!, count: width });
  const column = (x: number) => ({ at: (i: number) => data[i * width + x]!, count: height });
  const vertical = sides(row, inside.top, height - inside.top - inside.height, height);
  const horizontal = sides(column, inside.left, width - inside.left - inside.width, width);
  return {
    barShare: 1 - (1 - vertical.pair) * (1 - horizontal.pair),
    borderShare: 1 - (1 - vertical.any) * (1 - horizontal.any),
  };
}

interface Line {
  readonly at: (i: number) => number;
  readonly count: number;
}

/** Shares of a side's length that its two strips take: all of them, and those that are a pair of bars. */
function sides(line: (index: number) => Line, before: number, after: number, length: number) {
  // The first line inside is often half bar, half picture; the second is all picture.
  const second = (edge: number) => Math.min(length - 1, Math.max(0, edge));
  const first = strip(line(0), before === 0 ? null : line(second(before + 1)));
  const last = strip(line(length - 1), after === 0 ? null : line(second(length - 2 - after)));
  const any = ((first.isHard ? before : 0) + (last.isHard ? after : 0)) / length;
  const isPair =
    first.isHard &&
    last.isHard &&
    Math.abs(before - after) <= Math.max(1, BAR_BALANCE * length) &&
    Math.abs(first.tone - last.tone) < BAR_DRIFT;
  return { any, pair: isPair ? any : 0 };
}

function strip(outer: Line, inner: Line | null) {
  const mean = tone(outer.at, outer.count).mean;
  if (inner === null) return { tone: mean, isHard: false };
  let different = 0;
  for (let i = 0; i < inner.count; i++) if (Math.abs(inner.at(i) - mean) >= EDGE_STEP) different++;
  return { tone: mean, isHard: different >= EDGE_SHARE * inner.count };
}
