import type { ComparedPair } from './compare-all.ts';

/** A photo and the better one that it repeats, by their places in the list. */
export interface Repeat {
  readonly of: number;
  readonly relation: 'exact' | 'copy' | 'crop' | 'similar';
  readonly bits: number;
  readonly match: number | null;
  /** Share of the larger photo of the two that the other shows. */
  readonly share: number;
  /** True when this photo is the larger one: it shows more, in less detail. */
  readonly shows: 'less' | 'more';
}

export interface RankedCandidate {
  /** Equal for files that show the same pixels. */
  readonly pixelHash: string;
  /** Pinned by a person: never counts as a repeat. */
  readonly pinned: boolean;
  /** Smaller is better; photos of one tier are equally good by what can be measured of each alone. */
  readonly tier: number;
  /** How much real detail it has; any unit. */
  readonly detail: number;
}

/** A photo is preferred to its parts as long as it has this share of their detail. */
const DETAIL_FOR_WHOLE = 0.7;
/** Below this share a photo is a part of the other; above, the two show the same. */
const PART_SHARE = 0.97;

/**
 * Finds repeats. The best goes first: by tier, then the one that its relatives resemble most (in a family of copies
 * with a text or a tilt each, that is the original), then in the order given; and a photo that contains another goes
 * before it. Each is compared with those that are kept already: so every dropped photo repeats one that is kept, with
 * the numbers that the report states, and nothing is dropped through a chain of look-alikes. `similarKept`: how many
 * photos that are very similar to each other are kept.
 */
export function findRepeats(
  candidates: readonly RankedCandidate[],
  pairs: readonly ComparedPair[],
  { similarKept }: { readonly similarKept: number },
): Map<number, Repeat> {
  const related = relatedPhotos(pairs);
  const repeats = new Map<number, Repeat>();
  const kept = new Set<number>();
  const keptPixels = new Map<string, number>();
  const decided = new Set<number>();

  const keep = (index: number) => {
    kept.add(index);
    const { pixelHash } = candidates[index]!;
    if (!keptPixels.has(pixelHash)) keptPixels.set(pixelHash, index);
  };
  const wholesOf = (index: number) =>
    (related.get(index) ?? [])
      .filter(({ of, share, shows }) => !decided.has(of) && shows === 'less' && share < PART_SHARE)
      .filter(({ of }) => candidates[of]!.detail >= DETAIL_FOR_WHOLE * candidates[index]!.detail)
      .toSorted((a, b) => a.of - b.of);

  const decide = (index: number) => {
    if (decided.has(index)) return;
    decided.add(index);
    const { pixelHash, pinned } = candidates[index]!;
    if (pinned) {
      keep(index);
      return;
    }
    for (const { of } of wholesOf(index)) decide(of);
    const twin = keptPixels.get(pixelHash);
    if (twin !== undefined) {
      repeats.set(index, { of: twin, relation: 'exact', bits: 0, match: null, share: 1, shows: 'less' });
      return;
    }
    const nearKept = (related.get(index) ?? []).filter(({ of }) => kept.has(of));
    const same = nearKept.filter(({ relation }) => relation !== 'similar').toSorted(byStrength)[0];
    const similar = nearKept.filter(({ relation }) => relation === 'similar').toSorted(byStrength);
    const repeat = same ?? (similar.length >= similarKept ? similar[0] : undefined);
    if (repeat) repeats.set(index, repeat);
    else keep(index);
  };

  // In steps of a hundredth: copies of one quality resemble each other about equally, and then the order given decides.
  const resembled = (index: number) => {
    const relatives = related.get(index) ?? [];
    const sum = relatives.reduce((total, { match, bits }) => total + Math.max(match ?? 0, 1 - bits / 256), 0);
    return Math.round((100 * sum) / Math.max(1, relatives.length));
  };
  // A person's choice takes precedence over everything that could be kept instead.
  const order = candidates
    .map(({ pinned, tier }, index) => ({ index, pinned, tier, resembled: resembled(index) }))
    .toSorted(
      (a, b) =>
        Number(b.pinned) - Number(a.pinned) || a.tier - b.tier || b.resembled - a.resembled || a.index - b.index,
    );
  for (const { index } of order) decide(index);
  return repeats;
}

function relatedPhotos(pairs: readonly ComparedPair[]): Map<number, Repeat[]> {
  const related = new Map<number, Repeat[]>();
  for (const { first, second, relation, bits, match, share, part } of pairs) {
    if (relation === null) continue;
    for (const [photo, of, name] of [
      [first, second, 'a'],
      [second, first, 'b'],
    ] as const) {
      const list = related.get(photo) ?? [];
      list.push({ of, relation, bits, match, share, shows: part === name ? 'less' : 'more' });
      related.set(photo, list);
    }
  }
  return related;
}

function byStrength(a: Repeat, b: Repeat): number {
  return (b.match ?? 0) - (a.match ?? 0) || a.bits - b.bits || a.of - b.of;
}
