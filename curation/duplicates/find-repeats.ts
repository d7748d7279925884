import type { ComparedPair } from './compare-all.ts';

/** A photo and the better one that it repeats, by their places in the list. */
export interface Repeat {
  readonly of: number;
  readonly relation: 'exact' | 'copy' | 'crop' | 'similar';
  readonly bits: number;
  readonly match: number | null;
  /** Share of the other photo that this one shows. */
  readonly share: number;
}

export interface RankedCandidate {
  /** Equal for files that show the same pixels. */
  readonly pixelHash: string;
  /** A person wants it: never a repeat. */
  readonly pinned: boolean;
}

/**
 * Finds repeats. `candidates` come best first; each is compared with those kept before it. So every dropped photo repeats one
 * that is kept, with the numbers that the report states; nothing is dropped through a chain of look-alikes.
 * `similarKept`: how many photos that are very similar to each other are kept.
 */
export function findRepeats(
  candidates: readonly RankedCandidate[],
  pairs: readonly ComparedPair[],
  { similarKept }: { readonly similarKept: number },
): Map<number, Repeat> {
  const related = relatedPhotos(pairs);
  const repeats = new Map<number, Repeat>();
  const kept = new Map<string, number>();
  candidates.forEach(({ pixelHash, pinned }, index) => {
    const twin = kept.get(pixelHash);
    if (pinned) {
      if (twin === undefined) kept.set(pixelHash, index);
      return;
    }
    if (twin !== undefined) {
      repeats.set(index, { of: twin, relation: 'exact', bits: 0, match: null, share: 1 });
      return;
    }
    const nearKept = (related.get(index) ?? []).filter(({ of }) => of < index && !repeats.has(of));
    const same = nearKept.filter(({ relation }) => relation !== 'similar').toSorted(byStrength)[0];
    const similar = nearKept.filter(({ relation }) => relation === 'similar').toSorted(byStrength);
    const repeat = same ?? (similar.length >= similarKept ? similar[0] : undefined);
    if (repeat) repeats.set(index, repeat);
    else kept.set(pixelHash, index);
  });
  return repeats;
}

function relatedPhotos(pairs: readonly ComparedPair[]): Map<number, Repeat[]> {
  const related = new Map<number, Repeat[]>();
  for (const { first, second, relation, bits, match, share } of pairs) {
    if (relation === null) continue;
    for (const [photo, of] of [
      [first, second],
      [second, first],
    ] as const) {
      const list = related.get(photo) ?? [];
      list.push({ of, relation, bits, match, share });
      related.set(photo, list);
    }
  }
  return related;
}

function byStrength(a: Repeat, b: Repeat): number {
  return (b.match ?? 0) - (a.match ?? 0) || a.bits - b.bits || a.of - b.of;
}
