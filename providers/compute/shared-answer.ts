/**
 * One answer shared by all callers in the process that accept its age: vendors' quotas are per account, not per
 * training.
 */
import { setTimeout as wait } from 'node:timers/promises';

interface Fetched<T> {
  readonly value: T;
  readonly fetchedAt: number;
}

export interface SharedAnswer<T> {
  /** The last answer if it is recent enough, else one new fetch for everyone waiting. */
  get(maxAgeMs: number): Promise<T>;
  /** Discards the answer after we have changed what it would be. */
  invalidate(): void;
}

interface SharedAnswerOptions {
  readonly now?: () => number;
  /** How long the next fetch has to wait; callers in the meantime share it. Milliseconds, default none. */
  readonly pauseMs?: (now: number) => number;
  readonly sleep?: (ms: number) => Promise<unknown>;
}

/** Wraps a fetch so that concurrent and recent callers share it. A failed fetch is not kept. */
export function sharedAnswer<T>(fetchValue: () => Promise<T>, options: SharedAnswerOptions = {}): SharedAnswer<T> {
  const { now = Date.now, pauseMs = () => 0, sleep = wait } = options;
  let last: Fetched<T> | null = null;
  let pending: { readonly begun: { at: number }; readonly result: Promise<T> } | null = null;
  return {
    async get(maxAgeMs) {
      if (last && now() - last.fetchedAt <= maxAgeMs) return last.value;
      // A fetch that started before this call may miss what happened since: it serves only callers that accept some
      // age.
      if (pending && (maxAgeMs > 0 || pending.begun.at >= now())) return await pending.result;
      // One that has not started yet will see everything up to then.
      const begun = { at: Infinity };
      const begin = async () => {
        begun.at = now();
        const value = await fetchValue();
        if (!last || begun.at >= last.fetchedAt) last = { value, fetchedAt: begun.at };
        return value;
      };
      const pause = pauseMs(now());
      const mine = { begun, result: pause > 0 ? sleep(pause).then(begin) : begin() };
      pending = mine;
      try {
        return await mine.result;
      } finally {
        if (pending === mine) pending = null;
      }
    },
    invalidate() {
      last = null;
      if (pending?.begun.at !== Infinity) pending = null;
    },
  };
}
