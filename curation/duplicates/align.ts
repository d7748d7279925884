import { cellMeans, standardise } from './area-means.ts';
import type { SummedPicture, Window } from './area-means.ts';

/** From coarse to fine: cells per side, rounds, and the correlation below which it is not worth going on. */
const STAGES = [
  { side: 12, rounds: 1, giveUpBelow: 0.6 },
  { side: 12, rounds: 3, giveUpBelow: 0.75 },
  { side: 24, rounds: 5, giveUpBelow: 0.88 },
  { side: 48, rounds: 4, giveUpBelow: 0 },
] as const;

/** A window may not get smaller than this share of the picture's side. */
const SMALLEST_SHARE = 0.3;

export interface Alignment {
  /** Correlation of the aligned pictures on 48 x 48 cells, or on fewer when the search was given up; -1 to 1. */
  readonly match: number;
  /**
   * The same of their detail alone: each cell against its surroundings. Two skies over dark land match well and have no detail
   * in common. 0 when the search was given up.
   */
  readonly detail: number;
  readonly window: Window;
}

/**
 * Moves the edges of a window of `larger` until it shows what the whole of `smaller` shows: least squares on the cells'
 * brightness, with light and contrast left free (Gauss-Newton on the four edges).
 */
export function align({
  larger,
  smaller,
  start,
}: {
  readonly larger: SummedPicture;
  /** The whole of the smaller photo in side x side cells; null when it shows nothing. */
  readonly smaller: (side: number) => Float32Array | null;
  readonly start: Window;
}): Alignment {
  let best = { match: -1, window: start };
  for (const { side, rounds, giveUpBelow } of STAGES) {
    const goal = smaller(side);
    if (goal === null) return { ...best, detail: 0 };
    best = improve(larger, goal, { side, rounds, window: best.window });
    if (best.match < giveUpBelow) return { ...best, detail: 0 };
  }
  return { ...best, detail: detailMatch(larger, best.window, smaller) };
}

/** How far the surroundings of a cell reach, in cells. */
const SURROUNDINGS = 2;

function detailMatch(larger: SummedPicture, window: Window, smaller: (side: number) => Float32Array | null): number {
  const { side } = STAGES.at(-1)!;
  const goal = smaller(side);
  if (goal === null) return 0;
  const cells = new Float32Array(side * side);
  cellMeans(larger, window, side, cells);
  let products = 0;
  let squares = 0;
  let goalSquares = 0;
  for (let y = SURROUNDINGS; y < side - SURROUNDINGS; y++) {
    for (let x = SURROUNDINGS; x < side - SURROUNDINGS; x++) {
      const a = againstSurroundings(cells, side, x, y);
      const b = againstSurroundings(goal, side, x, y);
      products += a * b;
      squares += a * a;
      goalSquares += b * b;
    }
  }
  return squares > 0 && goalSquares > 0 ? products / Math.sqrt(squares * goalSquares) : 0;
}

function againstSurroundings(cells: Float32Array, side: number, x: number, y: number): number {
  let sum = 0;
  for (let row = y - SURROUNDINGS; row <= y + SURROUNDINGS; row++)
    for (let at = row * side + x - SURROUNDINGS; at <= row * side + x + SURROUNDINGS; at++) sum += cells[at]!;
  return cells[y * side + x]! - sum / (2 * SURROUNDINGS + 1) ** 2;
}

function improve(
  picture: SummedPicture,
  goal: Float32Array,
  { side, rounds, window }: { readonly side: number; readonly rounds: number; readonly window: Window },
): Omit<Alignment, 'detail'> {
  const cells = new Float32Array(side * side);
  let current = window;
  let best = { match: matchOf(picture, goal, current, side, cells), window: current };
  for (let round = 0; round < rounds; round++) {
    // `cells` holds the view of `current`, with its mean taken away and unit length.
    const step = edgeStep(cells, goal, side, current);
    if (step === null) break;
    const next = moved(current, step, picture);
    const match = matchOf(picture, goal, next, side, cells);
    const gain = match - best.match;
    if (match > best.match) best = { match, window: next };
    if (gain < 1e-4) break;
    current = next;
  }
  return best;
}

function matchOf(
  picture: SummedPicture,
  goal: Float32Array,
  window: Window,
  side: number,
  cells: Float32Array,
): number {
  cellMeans(picture, window, side, cells);
  if (!standardise(cells)) return -1;
  let match = 0;
  for (let i = 0; i < cells.length; i++) match += cells[i]! * goal[i]!;
  return match;
}

/** Unknowns: contrast, light, and the moves of left, right, top and bottom. */
const UNKNOWNS = 6;
/** With the right side as last column. */
const WIDTH = UNKNOWNS + 1;

/** How far each edge should move, in pixels; null when the picture does not say. */
function edgeStep(cells: Float32Array, goal: Float32Array, side: number, window: Window): readonly number[] | null {
  const cellWidth = (window.right - window.left) / side;
  const cellHeight = (window.bottom - window.top) / side;
  const normal = new Float64Array(UNKNOWNS * WIDTH);
  const terms = new Float64Array(WIDTH);
  for (let y = 1; y < side - 1; y++) {
    const v = (y + 0.5) / side;
    for (let x = 1; x < side - 1; x++) {
      const at = y * side + x;
      const u = (x + 0.5) / side;
      const slopeX = (cells[at + 1]! - cells[at - 1]!) / (2 * cellWidth);
      const slopeY = (cells[at + side]! - cells[at - side]!) / (2 * cellHeight);
      terms[0] = cells[at]!;
      terms[1] = 1;
      terms[2] = slopeX * (1 - u);
      terms[3] = slopeX * u;
      terms[4] = slopeY * (1 - v);
      terms[5] = slopeY * v;
      terms[6] = goal[at]!;
      for (let row = 0; row < UNKNOWNS; row++) {
        const term = terms[row]!;
        for (let column = row; column < WIDTH; column++) normal[row * WIDTH + column]! += term * terms[column]!;
      }
    }
  }
  const solution = solve(normal);
  // Without contrast, or with a negative one, the moves mean nothing.
  if (solution === null || solution[0]! < 0.05) return null;
  return solution.slice(2).map((value) => value / solution[0]!);
}

/** Solves the symmetric system (upper half given, right side in the last column) by elimination; null when it is singular. */
function solve(matrix: Float64Array): number[] | null {
  for (let row = 0; row < UNKNOWNS; row++)
    for (let column = 0; column < row; column++) matrix[row * WIDTH + column] = matrix[column * WIDTH + row]!;
  for (let pivot = 0; pivot < UNKNOWNS; pivot++) {
    const diagonal = matrix[pivot * WIDTH + pivot]!;
    if (!(diagonal > 1e-12)) return null;
    for (let row = pivot + 1; row < UNKNOWNS; row++) {
      const factor = matrix[row * WIDTH + pivot]! / diagonal;
      for (let column = pivot; column < WIDTH; column++)
        matrix[row * WIDTH + column]! -= factor * matrix[pivot * WIDTH + column]!;
    }
  }
  const solution = Array.from<number>({ length: UNKNOWNS }).fill(0);
  for (let row = UNKNOWNS - 1; row >= 0; row--) {
    let rest = matrix[row * WIDTH + UNKNOWNS]!;
    for (let column = row + 1; column < UNKNOWNS; column++) rest -= matrix[row * WIDTH + column]! * solution[column]!;
    solution[row] = rest / matrix[row * WIDTH + row]!;
  }
  return solution;
}

/** A step of at most a tenth of the window, inside the picture, never to nothing. */
function moved(window: Window, [left, right, top, bottom]: readonly number[], picture: SummedPicture): Window {
  const [x0, x1] = movedSpan(window.left, window.right, left!, right!, picture.width);
  const [y0, y1] = movedSpan(window.top, window.bottom, top!, bottom!, picture.height);
  return { left: x0, right: x1, top: y0, bottom: y1 };
}

function movedSpan(from: number, to: number, start: number, end: number, side: number): readonly [number, number] {
  const longest = 0.1 * (to - from);
  const limit = (step: number) => Math.max(-longest, Math.min(longest, step));
  const newFrom = Math.max(0, from + limit(start));
  const newTo = Math.min(side, to + limit(end));
  return newTo - newFrom < SMALLEST_SHARE * side ? [from, to] : [newFrom, newTo];
}
