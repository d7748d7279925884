/** Chooses kinds so that every two of them meet in some training as soon as possible. */
import type { Random } from '../dev/random.ts';

/**
 * Share of the choices that look at which pairs are missing; the others are left to chance, so that any combination can
 * occur.
 */
const DELIBERATE = 0.7;

export interface Cover {
  /**
   * One of the candidates: most often the one that meets most kinds for the first time among those that were chosen.
   */
  pick(random: Random, candidates: readonly string[], chosen: readonly string[]): string;
  /** Records that these kinds meet in one training. */
  meet(kinds: readonly string[]): void;
  /** Pairs that have not met yet. */
  open(): readonly string[];
}

/** The name of a pair, whichever of the two comes first. */
export function pairName(one: string, other: string): string {
  return one < other ? `${one} + ${other}` : `${other} + ${one}`;
}

/** All pairs of different kinds, by their names. */
export function pairsOf(kinds: readonly string[]): string[] {
  const names = [...new Set(kinds)];
  return names.flatMap((one, index) => names.slice(index + 1).map((other) => pairName(one, other)));
}

/** Begins with all pairs of `kinds` open that can meet at all; once none is open, chance alone decides. */
export function createCover(kinds: readonly string[], canMeet: (one: string, other: string) => boolean): Cover {
  const open = new Set<string>();
  for (const [index, one] of kinds.entries())
    for (const other of kinds.slice(index + 1)) if (canMeet(one, other)) open.add(pairName(one, other));
  const gain = (kind: string, chosen: readonly string[]) =>
    chosen.filter((other) => open.has(pairName(kind, other))).length;
  return {
    pick(random, candidates, chosen) {
      // Always drawn, so that later choices do not depend on what is open.
      const [deliberate, byChance] = [random.next() < DELIBERATE, random.pick(candidates)];
      if (!deliberate || open.size === 0) return byChance;
      const against = chosen.length === 0 ? kinds : chosen;
      const gains = candidates.map((kind) => gain(kind, against));
      const most = Math.max(...gains);
      const best = candidates.filter((_, index) => gains[index] === most);
      return best.includes(byChance) ? byChance : random.pick(best);
    },
    meet(met) {
      for (const pair of pairsOf(met)) open.delete(pair);
    },
    open: () => [...open],
  };
}
