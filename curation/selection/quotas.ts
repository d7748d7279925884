import { FRAMINGS } from '../../core/curation.ts';
import type { Framing } from '../../core/curation.ts';
import { LIMITS } from '../limits.ts';

export type PerFraming = Readonly<Record<Framing, number>>;

/** Which class gets what another cannot fill, in this order; also breaks ties. */
const HEIRS: readonly Framing[] = ['upper', 'portrait', 'full'];

/** Divides `total` photos by the target in percent, by largest remainder: 20 at 20/70/10 are 4, 14 and 2. */
export function quotas(total: number, target: PerFraming): Record<Framing, number> {
  const exact = perFraming((framing) => (total * target[framing]) / 100);
  const result = perFraming((framing) => Math.floor(exact[framing] + 1e-9));
  const byRemainder = HEIRS.toSorted((a, b) => exact[b] - result[b] - (exact[a] - result[a]));
  const open = total - sum(result);
  for (let i = 0; i < open; i++) result[byRemainder[i % byRemainder.length]!]++;
  return result;
}

/** The quotas when a class has fewer photos than its share: the rest goes to upper, then portrait, then full. */
export function filledQuotas(total: number, target: PerFraming, available: PerFraming): Record<Framing, number> {
  const wanted = quotas(Math.min(total, sum(available)), target);
  const result = perFraming((framing) => Math.min(wanted[framing], available[framing]));
  let open = Math.min(total, sum(available)) - sum(result);
  for (const framing of HEIRS) {
    const more = Math.min(open, available[framing] - result[framing]);
    result[framing] += more;
    open -= more;
  }
  return result;
}

/**
 * The largest set of `min` to `max` photos in which every class that has photos at all fills its share exactly; when
 * even the smallest set cannot, the minimum, filled up.
 */
export function exactQuotas(
  { min, max }: { readonly min: number; readonly max: number },
  target: PerFraming,
  available: PerFraming,
): Record<Framing, number> {
  const present = perFraming((framing) => (available[framing] > 0 ? target[framing] : 0));
  const shares = sum(present);
  if (shares > 0) {
    const rescaled = perFraming((framing) => (100 * present[framing]) / shares);
    for (let total = Math.min(max, sum(available)); total >= min; total--) {
      const wanted = quotas(total, rescaled);
      if (FRAMINGS.every((framing) => wanted[framing] <= available[framing])) return wanted;
    }
  }
  return filledQuotas(min, target, available);
}

/**
 * How often each class is repeated so that what the training sees comes nearest to the target; 1 to 4, 1 for a class
 * without photos.
 */
export function balanceRepeats(counts: PerFraming, target: PerFraming): Record<Framing, number> {
  const choices = Array.from({ length: LIMITS.maxRepeats }, (_, index) => index + 1);
  let best = perFraming(() => 1);
  let bestError = Infinity;
  for (const portrait of choices) {
    for (const upper of choices) {
      for (const full of choices) {
        const repeats = { portrait, upper, full };
        if (FRAMINGS.some((framing) => counts[framing] === 0 && repeats[framing] > 1)) continue;
        const seen = effectiveShares(counts, repeats);
        const error = sum(perFraming((framing) => Math.abs(seen[framing] - target[framing])));
        // Fewer repeats win unless more are clearly better; half a percent is not.
        const cost = error + 0.5 * (portrait + upper + full);
        if (cost < bestError - 1e-9) [best, bestError] = [repeats, cost];
      }
    }
  }
  return best;
}

/** What the training sees of each class, in percent. */
export function effectiveShares(counts: PerFraming, repeats: PerFraming): Record<Framing, number> {
  const seen = perFraming((framing) => counts[framing] * repeats[framing]);
  const total = sum(seen);
  return perFraming((framing) => (total === 0 ? 0 : (100 * seen[framing]) / total));
}

export function perFraming<Value>(value: (framing: Framing) => Value): Record<Framing, Value> {
  return { portrait: value('portrait'), upper: value('upper'), full: value('full') };
}

function sum(values: PerFraming): number {
  return FRAMINGS.reduce((total, framing) => total + values[framing], 0);
}
