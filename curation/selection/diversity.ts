/** Share of variety against quality when the next photo is chosen. */
const VARIETY = 0.65;
/**
 * A photo this much further from its nearest neighbour than the median probably does not belong in the set: a meme, a
 * mistake.
 */
const ISOLATION = 1.5;
const ISOLATED_WEIGHT = 0.5;

export interface ChoiceInput {
  /** Positions in the list of the photos that may be chosen, and of those already chosen (in all classes). */
  readonly from: readonly number[];
  readonly chosen: readonly number[];
  readonly count: number;
  /** 0 to 1. */
  readonly quality: (photo: number) => number;
  /** 0 for the same picture, 1 for nothing in common. */
  readonly distance: (a: number, b: number) => number;
  /** All photos that could be trained on; they define what is typical of this set. */
  readonly all: readonly number[];
}

/**
 * Chooses the best photo first and then, again and again, the one that is good and unlike those chosen so far. Ties go
 * to the earlier place, so the same list gives the same choice.
 */
export function chooseDiverse({ from, chosen, count, quality, distance, all }: ChoiceInput): number[] {
  const isolated = isolatedPhotos(all, distance);
  const taken = [...chosen];
  const result: number[] = [];
  const open = new Set(from);
  while (result.length < count && open.size > 0) {
    let best: { photo: number; score: number } | null = null;
    for (const photo of open) {
      const nearest = taken.length === 0 ? 0 : Math.min(...taken.map((other) => distance(photo, other)));
      const variety = isolated.has(photo) ? ISOLATED_WEIGHT * nearest : nearest;
      const score = VARIETY * variety + (1 - VARIETY) * quality(photo);
      if (best === null || score > best.score) best = { photo, score };
    }
    open.delete(best!.photo);
    taken.push(best!.photo);
    result.push(best!.photo);
  }
  return result;
}

function isolatedPhotos(all: readonly number[], distance: ChoiceInput['distance']): Set<number> {
  if (all.length < 3) return new Set();
  const nearest = all.map((photo) =>
    Math.min(...all.filter((other) => other !== photo).map((other) => distance(photo, other))),
  );
  const median = nearest.toSorted((a, b) => a - b)[Math.floor(nearest.length / 2)]!;
  return new Set(all.filter((_, index) => nearest[index]! > ISOLATION * median));
}
