/** The quote stored with a training, to be compared with what the training cost. */
import type { Odds, QuotedOffer } from './quote.ts';
import { reserveFor } from './quote.ts';

export interface StoredQuote {
  readonly gpu: string;
  readonly cloud: string;
  readonly hourlyMicroUsd: number;
  readonly minutes: Odds;
  readonly p50MicroUsd: number;
  readonly p90MicroUsd: number;
  /** What is reserved when no ceiling was given. */
  readonly reserveMicroUsd: number;
  readonly basis: QuotedOffer['basis'];
}

/** Keeps the offer that would be tried first; null when none was quoted. */
export function storedQuote([first]: readonly QuotedOffer[]): StoredQuote | null {
  if (first === undefined) return null;
  const { offer, hourlyMicroUsd, minutes, microUsd, basis } = first;
  return {
    gpu: offer.gpu,
    cloud: offer.cloud,
    hourlyMicroUsd,
    minutes,
    p50MicroUsd: microUsd.p50,
    p90MicroUsd: microUsd.p90,
    reserveMicroUsd: reserveFor(first),
    basis,
  };
}
