/** Limits on what may be spent: per training, per user and month, per character and month (landscape S0-24). */
import { formatUsd } from './money.ts';

/** Micro-dollars; null: no limit. */
export interface SpendLimits {
  readonly training: number | null;
  readonly userMonth: number | null;
  readonly characterMonth: number | null;
}

export const NO_LIMITS: SpendLimits = { training: null, userMonth: null, characterMonth: null };

/** One limit compared with the requested amount. Micro-dollars. */
export interface LimitFigures {
  readonly limit: 'training' | 'user_month' | 'character_month';
  readonly limitMicroUsd: number;
  /** Spent and reserved so far. */
  readonly usedMicroUsd: number;
  readonly requiredMicroUsd: number;
  readonly availableMicroUsd: number;
}

/** A calendar month in UTC, such as "2026-11": the period of a monthly limit. */
export function monthOf(time: Date): string {
  return time.toISOString().slice(0, 7);
}

/** The limits that `requiredMicroUsd` would exceed, with their figures; empty when the amount may be reserved. */
export function exceededLimits(
  limits: SpendLimits,
  used: { readonly userMonth: number; readonly characterMonth: number | null },
  requiredMicroUsd: number,
): LimitFigures[] {
  const stands = [
    figures('user_month', limits.userMonth, used.userMonth),
    figures('character_month', used.characterMonth === null ? null : limits.characterMonth, used.characterMonth ?? 0),
  ];
  return stands.filter((one) => one !== null && requiredMicroUsd > one.availableMicroUsd).map((one) => one!);

  function figures(limit: LimitFigures['limit'], limitMicroUsd: number | null, usedMicroUsd: number) {
    if (limitMicroUsd === null) return null;
    const availableMicroUsd = Math.max(0, limitMicroUsd - usedMicroUsd);
    return { limit, limitMicroUsd, usedMicroUsd, requiredMicroUsd, availableMicroUsd };
  }
}

/** The limit per training, if a ceiling is above it; null when the ceiling is allowed. */
export function beyondTrainingLimit(
  { training }: SpendLimits,
  ceilingMicroUsd: number,
  usedMicroUsd = 0,
): LimitFigures | null {
  if (training === null || ceilingMicroUsd <= training) return null;
  const availableMicroUsd = Math.max(0, training - usedMicroUsd);
  const requiredMicroUsd = ceilingMicroUsd - usedMicroUsd;
  return { limit: 'training', limitMicroUsd: training, usedMicroUsd, requiredMicroUsd, availableMicroUsd };
}

export type CeilingDecision =
  /** Null: nothing limits the training. */
  | { readonly status: 'ceiling'; readonly ceilingMicroUsd: number | null }
  | { readonly status: 'over_limit'; readonly figures: readonly LimitFigures[] }
  /** The ceiling is below what half of such trainings cost. */
  | { readonly status: 'too_low'; readonly ceilingMicroUsd: number; readonly expectedMicroUsd: number }
  /** A limit requires a ceiling, none was given, and no price could be read to propose one. */
  | { readonly status: 'no_price' };

interface CeilingRequest {
  /** What the caller asked for; null: nothing. Micro-dollars. */
  readonly namedMicroUsd: number | null;
  readonly limits: SpendLimits;
  readonly hasCharacter: boolean;
  /** Null when no price could be read. Micro-dollars. */
  readonly quote: { readonly p50MicroUsd: number; readonly reserveMicroUsd: number } | null;
}

/**
 * The ceiling of a new training: the one given, else the limit per training, else, if a monthly limit applies, what the
 * quote reserves. A training without any limit has no ceiling.
 */
export function decideCeiling({ namedMicroUsd, limits, hasCharacter, quote }: CeilingRequest): CeilingDecision {
  const monthCounts = limits.userMonth !== null || (hasCharacter && limits.characterMonth !== null);
  const proposed = monthCounts ? (quote?.reserveMicroUsd ?? null) : null;
  const ceilingMicroUsd = namedMicroUsd ?? least(limits.training, proposed);
  if (ceilingMicroUsd === null) return monthCounts ? { status: 'no_price' } : { status: 'ceiling', ceilingMicroUsd };
  const beyond = beyondTrainingLimit(limits, ceilingMicroUsd);
  if (beyond !== null) return { status: 'over_limit', figures: [beyond] };
  if (quote !== null && quote.p50MicroUsd > ceilingMicroUsd)
    return { status: 'too_low', ceilingMicroUsd, expectedMicroUsd: quote.p50MicroUsd };
  return { status: 'ceiling', ceilingMicroUsd };
}

function least(...values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : Math.min(...known);
}

const LIMIT_NAMES: Readonly<Record<LimitFigures['limit'], string>> = {
  training: 'limit per training',
  user_month: 'monthly limit of this user',
  character_month: 'monthly limit of this character',
};

/** "monthly limit of this user: $5.0000 of $6.0000 is spent or reserved, $1.0000 is left, $2.0000 would be needed". */
export function limitSentence(figures: LimitFigures): string {
  const { limit, limitMicroUsd, usedMicroUsd, availableMicroUsd, requiredMicroUsd } = figures;
  return (
    `${LIMIT_NAMES[limit]}: ${formatUsd(usedMicroUsd)} of ${formatUsd(limitMicroUsd)} is spent or reserved, ` +
    `${formatUsd(availableMicroUsd)} is left, ${formatUsd(requiredMicroUsd)} would be needed`
  );
}
