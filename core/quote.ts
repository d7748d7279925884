/** Quotes: what a training will probably take on each offer, in minutes and dollars, as percentiles. */
import type { Offer } from './offer.ts';
import { rentMicroUsd, storageHourlyMicroUsd } from './money.ts';
import type { Recipe } from './recipe.ts';
import { tabledStepTime, workPerStep } from './speed.ts';

/** A finished run of this installation, on the same base model. */
export interface PastRun {
  readonly gpu: string;
  /** Scaled to the base model's default recipe by `workPerStep`. Seconds. */
  readonly secondsPerStep: number;
  /** Paid time that was not training: boot, transfers, model download, teardown. Milliseconds. */
  readonly overheadMs: number;
}

export interface Odds {
  readonly p50: number;
  readonly p90: number;
}

export interface QuotedOffer {
  readonly offer: Offer;
  /** GPU and container disk. Micro-dollars per hour. */
  readonly hourlyMicroUsd: number;
  readonly minutes: Odds;
  readonly microUsd: Odds;
  /** `own_runs`: this installation's runs; `table`: published figures; `guess`: no figure has been published. */
  readonly basis: 'own_runs' | 'table' | 'guess';
  /** How many of our own runs it is based on. */
  readonly runs: number;
}

export interface QuoteParams {
  readonly recipe: Recipe;
  readonly photos: number;
  readonly diskGb: number;
  /** In the order in which they would be tried. */
  readonly offers: readonly Offer[];
  readonly past: readonly PastRun[];
}

/**
 * Boot, model download and quantisation before the first step, plus transfers and teardown: a tool that rents pods for
 * AI Toolkit assumes 35 minutes (LDS `pod_overhead_minutes` at 7cfd777, read 2026-11). Milliseconds.
 */
const TABLED_OVERHEAD_MS = 35 * 60_000;
/** What one photo adds for upload and latent caching. Milliseconds; assumed. */
const PER_PHOTO_MS = 1_500;
/** Fewer of our own runs say too little. */
const MIN_RUNS = 3;
/** Spread of the time, as the standard deviation of its logarithm: assumed wide until our own runs say otherwise. */
const SPREAD = { table: 0.25, guess: 0.5, leastOfOwnRuns: 0.1 } as const;
/** 90th percentile of the standard normal distribution. */
const Z90 = 1.2816;
/** Reserved beyond the P90, so that one recovery does not stop a run. */
const RESERVE_FACTOR = 1.2;
const CENT = 10_000;

/** Quotes every offer whose GPU is known, in the order given. */
export function quoteOffers({ recipe, photos, diskGb, offers, past }: QuoteParams): QuotedOffer[] {
  return offers.flatMap((offer) => {
    const time = timeOn(offer.gpu, recipe, past);
    if (time === null) return [];
    const p50Ms = time.overheadMs + photos * PER_PHOTO_MS + recipe.steps * time.secondsPerStep * 1_000;
    const p90Ms = p50Ms * Math.exp(Z90 * time.spread);
    const hourlyMicroUsd = offer.hourlyMicroUsd + storageHourlyMicroUsd(diskGb);
    const minutes = (ms: number) => Math.ceil(ms / 6_000) / 10;
    return [
      {
        offer,
        hourlyMicroUsd,
        minutes: { p50: minutes(p50Ms), p90: minutes(p90Ms) },
        microUsd: { p50: rentMicroUsd(hourlyMicroUsd, p50Ms), p90: rentMicroUsd(hourlyMicroUsd, p90Ms) },
        basis: time.basis,
        runs: time.runs,
      },
    ];
  });
}

/**
 * What is reserved for a training on this offer without a ceiling: its P90 plus a fifth, in whole cents. Micro-dollars.
 */
export function reserveFor({ microUsd }: QuotedOffer): number {
  return Math.ceil((microUsd.p90 * RESERVE_FACTOR) / CENT) * CENT;
}

/**
 * How long a step of this recipe should take on this GPU, from our own runs, else the table; null when unknown.
 * Seconds.
 */
export function expectedStepTime(gpu: string, recipe: Recipe, past: readonly PastRun[]): number | null {
  return timeOn(gpu, recipe, past)?.secondsPerStep ?? null;
}

function timeOn(gpu: string, recipe: Recipe, past: readonly PastRun[]) {
  const own = past.filter((run) => run.gpu === gpu);
  if (own.length >= MIN_RUNS) {
    const secondsPerStep = median(own.map((run) => run.secondsPerStep)) * workPerStep(recipe);
    const overheadMs = median(own.map((run) => run.overheadMs));
    const totals = own.map((run) => run.overheadMs + recipe.steps * run.secondsPerStep * 1_000);
    const spread = Math.max(SPREAD.leastOfOwnRuns, logDeviation(totals));
    return { secondsPerStep, overheadMs, spread, basis: 'own_runs', runs: own.length } as const;
  }
  const tabled = tabledStepTime(gpu, recipe);
  if (tabled === null) return null;
  const basis = tabled.isMeasured ? ('table' as const) : ('guess' as const);
  // Too few runs on this GPU for percentiles, but runs on any GPU show how long boots take here.
  const overheadMs = past.length >= MIN_RUNS ? median(past.map((run) => run.overheadMs)) : TABLED_OVERHEAD_MS;
  return { secondsPerStep: tabled.seconds, overheadMs, spread: SPREAD[basis], basis, runs: own.length };
}

/** The middle value, or the mean of the two middle ones. */
function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}

function logDeviation(values: readonly number[]): number {
  const logs = values.map((value) => Math.log(Math.max(1, value)));
  const mean = logs.reduce((sum, value) => sum + value, 0) / logs.length;
  return Math.sqrt(logs.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (logs.length - 1));
}
