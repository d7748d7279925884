/** Money: integer micro-dollars (1 USD = 1,000,000) inside, cents only at the founding documents' fields. */

const MICRO_USD_PER_USD = 1_000_000;
const MS_PER_HOUR = 3_600_000;

/** Cost of `durationMs` at an hourly rate, in micro-dollars, rounded up: a vendor never rounds in our favour. */
export function rentMicroUsd(hourlyMicroUsd: number, durationMs: number): number {
  return Math.ceil((hourlyMicroUsd * Math.max(0, durationMs)) / MS_PER_HOUR);
}

/** Converts a vendor's dollars to micro-dollars, rounded to the nearest. */
export function usdToMicroUsd(usd: number): number {
  return Math.round(usd * MICRO_USD_PER_USD);
}

/** Converts micro-dollars to whole cents, rounded up (the founding documents' `trainingCost`). */
export function microUsdToCents(microUsd: number): number {
  return Math.ceil(microUsd / 10_000);
}

/** "$0.0123": four decimals, since a demo run costs fractions of a cent. */
export function formatUsd(microUsd: number): string {
  return `$${(microUsd / MICRO_USD_PER_USD).toFixed(4)}`;
}
