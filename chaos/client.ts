/** A well-behaved client of the API: it repeats a request with the same Idempotency-Key until it is answered. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { withTimeLimit } from '../core/time-limit.ts';

const PAUSE_MS = 200;
/** Far beyond what any outage takes, on a busy machine too. Milliseconds. */
const PATIENCE_MS = 60_000;
const ANSWER_WITHIN_MS = 20_000;

export interface ApiAnswer<Body> {
  readonly status: number;
  readonly body: Body;
}

/** Speaks to the API at `url` with the key in `apiKeyFile`. */
export function createPatientClient(url: string, apiKeyFile: string) {
  const key = readFileSync(apiKeyFile, 'utf8').trim();
  const request = async <Body>(path: string, init: RequestInit): Promise<ApiAnswer<Body>> => {
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      const answer = await tryOnce<Body>(path, init);
      if (answer !== null && answer.status < 500) return answer;
      if (Date.now() > deadline) {
        const last = answer === null ? 'nobody answers' : `${answer.status} ${JSON.stringify(answer.body)}`;
        throw new Error(`${init.method} ${path} could not be done for ${PATIENCE_MS / 1_000} s: ${last}`);
      }
      await sleep(PAUSE_MS);
    }
  };

  /** Null when the API is down. */
  const tryOnce = async <Body>(path: string, init: RequestInit): Promise<ApiAnswer<Body> | null> => {
    const headers = { ...(init.headers as Record<string, string>), authorization: `Bearer ${key}` };
    try {
      return await withTimeLimit(ANSWER_WITHIN_MS, undefined, async (signal) => {
        const response = await fetch(`${url}${path}`, { ...init, headers, signal });
        return { status: response.status, body: (await response.json()) as Body };
      });
    } catch {
      // Killed in the middle of the answer, or not listening yet.
      return null;
    }
  };

  return {
    get: <Body>(path: string) => request<Body>(path, { method: 'GET' }),
    post: <Body>(path: string, body?: object, headers: Record<string, string> = {}) =>
      request<Body>(path, {
        method: 'POST',
        ...(body === undefined
          ? { headers }
          : { headers: { ...headers, 'content-type': 'application/json' }, body: JSON.stringify(body) }),
      }),
    upload: <Body>(path: string, form: () => FormData) => request<Body>(path, { method: 'POST', body: form() }),
  };
}
