/** Money: integer micro-dollars (1 USD = 1,000,000) internally, cents only in the founding documents' fields. */

const MICRO_USD_PER_USD = 1_000_000;
const MS_PER_HOUR = 3_600_000;

/** Cost of `durationMs` at an hourly rate, in micro-dollars, rounded up: a vendor never rounds in our favour. */
export function rentMicroUsd(hourlyMicroUsd: number, durationMs: number): number {
  return Math.ceil((hourlyMicroUsd * Math.max(0, durationMs)) / MS_PER_HOUR);
}

/**
 * RunPod bills a running container's disk separately from the GPU: 0.10 USD per GB and month (docs pods/pricing,
 * 2026-08-18).
 */
const DISK_USD_PER_GB_MONTH = 0.1;
/** 365 days in 12 months. */
const HOURS_PER_MONTH = 730;

/** What a pod's container disk adds to its hourly price. Micro-dollars per hour, rounded up. */
export function storageHourlyMicroUsd(diskGb: number): number {
  return Math.ceil((diskGb * DISK_USD_PER_GB_MONTH * MICRO_USD_PER_USD) / HOURS_PER_MONTH);
}

/** Converts a vendor's dollars to micro-dollars, rounded to the nearest. */
export function usdToMicroUsd(usd: number): number {
  return Math.round(usd * MICRO_USD_PER_USD);
}

/** Converts micro-dollars to whole cents, rounded up (the founding documents' `trainingCost`). */
export function microUsdToCents(microUsd: number): number {
  return Math.ceil(microUsd / 10_000);
}

/**
 * Converts a person's dollars to micro-dollars; null unless the amount is from a hundredth of a cent to a million
 * dollars.
 */
export function parseUsd(usd: number): number | null {
  const microUsd = usdToMicroUsd(usd);
  return Number.isSafeInteger(microUsd) && microUsd >= 100 && usd <= 1_000_000 ? microUsd : null;
}

/** "$0.0123": four decimals, because a demo run costs fractions of a cent. */
export function formatUsd(microUsd: number): string {
  return `$${(microUsd / MICRO_USD_PER_USD).toFixed(4)}`;
}
