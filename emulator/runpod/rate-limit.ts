import type { RateWindow } from '../core/config.ts';

interface Used {
  startMs: number;
  count: number;
}

/** Fixed windows per key and the two RateLimit headers (IETF draft), as the OpenAPI document shows them. */
export class RateLimiter {
  readonly #used = new Map<string, Used>();

  take(params: { key: string; windows: RateWindow[]; nowMs: number }): {
    headers: Record<string, string>;
    exceeded?: { name: string; retryAfterSec: number };
  } {
    const { key, windows, nowMs } = params;
    const states = windows.map((window) => {
      const id = `${key}/${window.name}`;
      let used = this.#used.get(id);
      if (used === undefined || nowMs - used.startMs >= window.windowSec * 1000)
        this.#used.set(id, (used = { startMs: nowMs, count: 0 }));
      const resetSec = Math.max(1, Math.ceil((used.startMs + window.windowSec * 1000 - nowMs) / 1000));
      return { window, used, resetSec };
    });
    const spent = states
      .filter(({ window, used }) => used.count >= window.quota)
      .toSorted((a, b) => b.resetSec - a.resetSec)[0];
    if (spent === undefined) for (const { used } of states) used.count += 1;
    const headers = {
      RateLimit: states
        .map(
          ({ window, used, resetSec }) => `"${window.name}";r=${Math.max(0, window.quota - used.count)};t=${resetSec}`,
        )
        .join(', '),
      'RateLimit-Policy': windows
        .map((window) => `"${window.name}";q=${window.quota};w=${window.windowSec}`)
        .join(', '),
    };
    return spent === undefined
      ? { headers }
      : { headers, exceeded: { name: spent.window.name, retryAfterSec: spent.resetSec } };
  }
}
