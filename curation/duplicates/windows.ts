/** What two photos are first compared on: coarse views of the whole and of many parts of each. */
import type { Pixels } from '../intake/pictures.ts';
import { cellMeans, mirrorCells, standardise, sumPicture, wholeOf } from './area-means.ts';
import type { SummedPicture, Window } from './area-means.ts';

/** Cells per side of a coarse view. */
const SIDE = 12;
const CELLS = SIDE * SIDE;

/** Shares of a side that a part may take, and at how many places: enough that every crop lies near one of them. */
const SCALES: readonly (readonly [share: number, places: number])[] = [
  [1, 1],
  [0.86, 3],
  [0.73, 3],
  [0.62, 3],
  [0.53, 4],
];

export interface ComparablePhoto {
  readonly picture: SummedPicture;
  /** Views of the parts, CELLS values each, one after the other; the first is the whole. */
  readonly views: Float32Array;
  readonly windows: readonly Window[];
  /** The whole, or the whole as a mirror shows it, in side x side cells; null when there is nothing to see. */
  whole(side: number, mirrored: boolean): Float32Array | null;
  /** False when the picture shows next to nothing. */
  readonly comparable: boolean;
}

/** Prepares a grey copy for comparison. */
export function prepareComparison(grey: Pixels): ComparablePhoto {
  const picture = sumPicture(grey);
  const windows = windowsOf(picture);
  const views = new Float32Array(windows.length * CELLS);
  let comparable = true;
  windows.forEach((window, index) => {
    const view = views.subarray(index * CELLS, (index + 1) * CELLS);
    cellMeans(picture, window, SIDE, view);
    if (!standardise(view)) {
      view.fill(0);
      if (index === 0) comparable = false;
    }
  });
  const wholes = new Map<number, readonly [Float32Array, Float32Array] | null>();
  const whole = (side: number, mirrored: boolean) => {
    let both = wholes.get(side);
    if (both === undefined) wholes.set(side, (both = wholeInCells(picture, side)));
    return both === null ? null : both[mirrored ? 1 : 0];
  };
  return { picture, views, windows, whole, comparable };
}

/** The whole picture and its mirror image. */
function wholeInCells(picture: SummedPicture, side: number): readonly [Float32Array, Float32Array] | null {
  const cells = new Float32Array(side * side);
  cellMeans(picture, wholeOf(picture), side, cells);
  return standardise(cells) ? [cells, mirrorCells(cells, side)] : null;
}

export interface Candidate {
  /** The part of the larger photo that may show the same. */
  readonly window: Window;
  readonly mirrored: boolean;
  readonly correlation: number;
}

/** Parts whose edges all lie within this share of the side of a better one lead to the same place. */
const SAME_PLACE = 0.08;

/** The parts of `larger` that look most like the whole of `smaller`, best first. */
export function bestWindows(
  larger: ComparablePhoto,
  smaller: ComparablePhoto,
  { atLeast, most }: { readonly atLeast: number; readonly most: number },
): { readonly best: number; readonly candidates: readonly Candidate[] } {
  const upright = smaller.whole(SIDE, false);
  const mirrored = smaller.whole(SIDE, true);
  if (upright === null || mirrored === null) return { best: 0, candidates: [] };
  let best = -1;
  const found: Candidate[] = [];
  const { views, windows } = larger;
  for (let index = 0, at = 0; index < windows.length; index++, at += CELLS) {
    let plain = 0;
    let turned = 0;
    for (let i = 0; i < CELLS; i++) {
      const value = views[at + i]!;
      plain += value * upright[i]!;
      turned += value * mirrored[i]!;
    }
    const correlation = Math.max(plain, turned);
    if (correlation > best) best = correlation;
    if (correlation >= atLeast) found.push({ window: windows[index]!, mirrored: turned > plain, correlation });
  }
  const candidates: Candidate[] = [];
  for (const candidate of found.sort((a, b) => b.correlation - a.correlation)) {
    if (candidates.length === most) break;
    if (!candidates.some((better) => samePlace(better, candidate, larger.picture))) candidates.push(candidate);
  }
  return { best, candidates };
}

function samePlace(a: Candidate, b: Candidate, { width, height }: SummedPicture): boolean {
  const near = (one: number, other: number, side: number) => Math.abs(one - other) <= SAME_PLACE * side;
  return (
    a.mirrored === b.mirrored &&
    near(a.window.left, b.window.left, width) &&
    near(a.window.right, b.window.right, width) &&
    near(a.window.top, b.window.top, height) &&
    near(a.window.bottom, b.window.bottom, height)
  );
}

function windowsOf(picture: SummedPicture): Window[] {
  const whole = wholeOf(picture);
  const spans = (length: number) =>
    SCALES.flatMap(([share, places]) =>
      Array.from({ length: places }, (_, place) => {
        const from = places === 1 ? 0 : ((1 - share) * length * place) / (places - 1);
        return [from, from + share * length] as const;
      }),
    );
  return spans(whole.bottom).flatMap(([top, bottom]) =>
    spans(whole.right).map(([left, right]) => ({ left, top, right, bottom })),
  );
}
