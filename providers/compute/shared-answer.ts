/** One answer shared by everybody in the process who can live with its age: vendors' quotas are per account, not per training. */

interface Fetched<T> {
  readonly value: T;
  readonly fetchedAt: number;
}

export interface SharedAnswer<T> {
  /** The last answer when it is young enough, else one new fetch for all who wait. */
  get(maxAgeMs: number): Promise<T>;
  /** Forgets the answer, after something of ours changed what it would be. */
  invalidate(): void;
}

/** Wraps a fetch so that concurrent and recent callers share it. A failed fetch is not kept. */
export function sharedAnswer<T>(fetchValue: () => Promise<T>, now: () => number = Date.now): SharedAnswer<T> {
  let last: Fetched<T> | null = null;
  let pending: { readonly startedAt: number; readonly result: Promise<T> } | null = null;
  return {
    async get(maxAgeMs) {
      if (last && now() - last.fetchedAt <= maxAgeMs) return last.value;
      // A fetch that began before this call may miss what happened since: it serves only those who accept some age.
      if (pending && (maxAgeMs > 0 || pending.startedAt >= now())) return await pending.result;
      const startedAt = now();
      const result = fetchValue().then((value) => {
        if (!last || startedAt >= last.fetchedAt) last = { value, fetchedAt: startedAt };
        return value;
      });
      const mine = { startedAt, result };
      pending = mine;
      try {
        return await result;
      } finally {
        if (pending === mine) pending = null;
      }
    },
    invalidate() {
      last = null;
      pending = null;
    },
  };
}
