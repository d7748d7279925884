/** Keeps this process inside RunPod's quota: one gate for all calls, since the quota is per account. */
import { setTimeout as sleep } from 'node:timers/promises';
import { retryAfterMs } from '../../http.ts';
import type { HttpAnswer } from '../../http.ts';

interface RateGate {
  /** Returns when a call may be made. */
  wait(signal?: AbortSignal): Promise<void>;
  /** How long the gate stays closed. Milliseconds, 0 when open. */
  closedForMs(): number;
  /** Takes in the RateLimit and Retry-After headers of an answer. */
  note(answer: HttpAnswer): void;
}

/** Longest that a caller is held back before it may get the vendor's own answer. Milliseconds. */
const MAX_WAIT_MS = 60_000;

/**
 * Reads `RateLimit: "minute";r=0;t=12, "hour";r=2800;t=1812` (spec 2.9.0, 2026-08-18): `r` calls are left in the
 * window, which ends in `t` seconds. An empty window holds calls back until it ends; so does Retry-After of a 429, in
 * which nothing was executed.
 */
export function createRateGate(now: () => number = Date.now): RateGate {
  let openAt = 0;
  return {
    async wait(signal) {
      const pause = Math.min(openAt - now(), MAX_WAIT_MS);
      if (pause > 0) await sleep(pause, undefined, { signal });
    },
    closedForMs: () => Math.max(0, openAt - now()),
    note(answer) {
      if (answer.status === 429) openAt = Math.max(openAt, now() + (retryAfterMs(answer.headers, now()) ?? 1_000));
      for (const [, remaining, seconds] of (answer.headers.get('ratelimit') ?? '').matchAll(/r=(\d+);\s*t=(\d+)/g)) {
        if (remaining === '0') openAt = Math.max(openAt, now() + Number(seconds) * 1_000);
      }
    },
  };
}
