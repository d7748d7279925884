/** What RunPod's answers mean (classified 2026-11 from its spec, its skills repository and other projects' records). */
import { TemperaError } from '../../../core/failure.ts';
import type { FailureCode } from '../../../core/failure.ts';
import { retryAfterMs } from '../../http.ts';
import type { HttpAnswer } from '../../http.ts';

/** The same sentences in all three API generations, matched by fragment. v2 says "no capacity" with a plain 400. */
const NO_CAPACITY = [
  'no longer any instances',
  'does not have the resources',
  'no instances currently available',
  'enough disk space',
  'not enough free gpus',
];

interface Problem {
  readonly detail: string;
  readonly errors: readonly string[];
}

/**
 * The problem+json body of an error; null when the answer did not come from RunPod's API (a proxy, an edge, a wrong
 * address).
 */
export function problemOf(answer: HttpAnswer): Problem | null {
  const body = answer.json;
  if (typeof body !== 'object' || body === null || !('status' in body) || !('title' in body)) return null;
  const detail = 'detail' in body && typeof body.detail === 'string' ? body.detail : '';
  const errors =
    'errors' in body && Array.isArray(body.errors) ? body.errors.filter((entry) => typeof entry === 'string') : [];
  return { detail, errors };
}

export function isNoCapacity(answer: HttpAnswer): boolean {
  const detail = problemOf(answer)?.detail.toLowerCase() ?? '';
  return answer.status === 400 && NO_CAPACITY.some((fragment) => detail.includes(fragment));
}

/** A pod is gone only on a 404 with a problem body: any other 404 may be a proxy or a wrong address. */
export function isGoneAnswer(answer: HttpAnswer): boolean {
  return answer.status === 404 && problemOf(answer) !== null;
}

/** True when it is impossible to know whether the request was carried out. */
export function isUnclear(status: number): boolean {
  return status === 408 || status >= 500;
}

/** The error for an answer that is not a success. */
export function toError(answer: HttpAnswer, what: string): TemperaError {
  const problem = problemOf(answer);
  const said = problem ? [problem.detail, ...problem.errors].join('; ').slice(0, 300) : 'no details';
  const make = (code: FailureCode, retryable?: boolean) =>
    new TemperaError(code, `RunPod refused ${what}: HTTP ${answer.status}: ${said}`, {
      retryAfterMs: retryAfterMs(answer.headers),
      retryable,
    });
  switch (answer.status) {
    case 401:
      return make('AUTH');
    case 402:
      return make('BALANCE');
    case 403:
      return make('AUTH');
    case 429:
      return make('RATE_LIMITED');
    default:
      // Any other client error means that our request is malformed: repeating it cannot help.
      if (answer.status >= 400 && answer.status < 500 && answer.status !== 408 && problem)
        return make('INTERNAL', false);
      return make('PROVIDER_UNAVAILABLE');
  }
}
