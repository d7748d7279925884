/** Requests to a trainer behind RunPod's proxy, and what the answers mean. */
import { TemperaError } from '../../../core/failure.ts';
import { send } from '../../http.ts';
import { sendStream } from '../../http-upload.ts';
import type { StreamedBody } from '../../http-upload.ts';
import type { HttpAnswer, RawBody } from '../../http.ts';
import type { TrainerTarget } from '../trainer.ts';

export interface TrainerClient {
  /** Null when the status is one of `allowed` instead of 200. */
  get(path: string, allowed?: readonly number[]): Promise<unknown>;
  /** Null when the status is one of `allowed` (a conflict, say) instead of 200. */
  post(path: string, body: unknown, allowed?: readonly number[]): Promise<unknown>;
  postForm(path: string, form: RawBody): Promise<unknown>;
  postStream(path: string, form: StreamedBody): Promise<unknown>;
}

/** Longest that the proxy lets a request run is 100 s (524 after that). */
const UPLOAD_TIMEOUT_MS = 95_000;

export function createClient(target: TrainerTarget, signal: AbortSignal, timeoutMs = 20_000): TrainerClient {
  const common = { vendor: 'The trainer', headers: { authorization: `Bearer ${target.password}` }, signal };
  const address = (path: string) => `${target.baseUrl}${path}`;
  return {
    async get(path, allowed = []) {
      const answer = await send({ ...common, method: 'GET', url: address(path), timeoutMs });
      return allowed.includes(answer.status) ? null : judge(answer, path);
    },
    async post(path, json, allowed = []) {
      const answer = await send({ ...common, method: 'POST', url: address(path), json, timeoutMs });
      return allowed.includes(answer.status) ? null : judge(answer, path);
    },
    postForm: async (path, form) =>
      judge(
        await send({ ...common, method: 'POST', url: address(path), raw: form, timeoutMs: UPLOAD_TIMEOUT_MS }),
        path,
      ),
    postStream: async (path, body) =>
      judge(await sendStream({ ...common, url: address(path), body, timeoutMs: UPLOAD_TIMEOUT_MS }), path),
  };
}

/**
 * HTML with 200 is a start page of the image or the proxy; 404, 502 and 524 come from the proxy while the container
 * boots.
 */
function judge(answer: HttpAnswer, path: string): unknown {
  const route = path.split('?')[0]!.replace(/[0-9a-f-]{36}/, ':id');
  if (answer.status === 200 && answer.json !== undefined) return answer.json;
  if (answer.status === 401)
    throw new TemperaError('POD_LOST', `Somebody else’s trainer answers in place of the pod’s: HTTP 401 at ${route}`);
  const text =
    typeof answer.json === 'object' && answer.json !== null && 'error' in answer.json ? String(answer.json.error) : '';
  throw new TemperaError(
    'PROVIDER_UNAVAILABLE',
    `The trainer answered ${route} with HTTP ${answer.status} ${text}`.trim().slice(0, 300),
    { ids: { status: answer.status } },
  );
}
