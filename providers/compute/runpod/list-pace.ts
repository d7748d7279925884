const MINUTE_MS = 60_000;
/** After the first few in a minute, two seconds apart: at most 60 a minute, however many pods are rented. */
const PAUSE_MS = 2_000;

/**
 * How long the next list of pods has to wait. The quota is 60 calls a minute in total (facts: RateLimit header of spec
 * 2.9.0, 2026-08-18), and one list serves everyone waiting: lists must not use up the calls that creating and
 * terminating need.
 */
export function createListPace(freePerMinute = 30): (now: number) => number {
  let starts: number[] = [];
  return (now) => {
    starts = starts.filter((at) => now - at < MINUTE_MS);
    const at = starts.length < freePerMinute ? now : Math.max(now, starts.at(-1)! + PAUSE_MS);
    starts.push(at);
    return at - now;
  };
}
