import { applyHttpFault } from '../core/http-faults.ts';
import { HttpFailure, bearerToken, sendJson } from '../core/http.ts';
import { createRouter } from '../core/router.ts';
import { completeChat } from './complete-chat.ts';
import { visionFailure, wrongKey } from './failures.ts';
import type { Fault } from '../core/faults.ts';
import type { Call } from '../core/http.ts';
import type { World } from '../world.ts';

const KEY = 'emulated';

const find = createRouter([
  { name: 'chat/completions', path: '/v1/chat/completions', methods: { POST: completeChat } },
]);

/**
 * Chat completions about a picture, as https://platform.openai.com/docs/api-reference/chat/create states them (read
 * 2026-11).
 */
export async function handleVision(world: World, call: Call): Promise<void> {
  const found = find(call.method, call.path);
  world.book.countRequest(`${call.method} vision ${found.status === 'unknown path' ? 'unknown' : found.name}`);
  const fault = world.faults.take('vision', { method: call.method, path: call.path });
  if (await applyHttpFault(call, fault, refuse)) return;
  try {
    if (found.status !== 'found')
      throw visionFailure(404, {
        message: `Invalid URL (${call.method} ${call.path})`,
        type: 'invalid_request_error',
      });
    const key = bearerToken(call.headers);
    if (key !== KEY) throw wrongKey(key);
    await found.handler({ call, fault });
  } catch (error) {
    if (!(error instanceof HttpFailure)) throw error;
    call.body.resume();
    sendJson(call.res, error.status, error.body, error.headers);
  }
}

function refuse(call: Call, status: number, { detail = 'Emulated failure', retryAfterSec = 1 }: Fault): void {
  const type = status === 429 ? 'requests' : status >= 500 ? 'server_error' : 'invalid_request_error';
  const failure = visionFailure(
    status,
    { message: detail, type, ...(status === 429 && { code: 'rate_limit_exceeded' }) },
    status === 429 ? { 'retry-after': String(retryAfterSec) } : {},
  );
  sendJson(call.res, failure.status, failure.body, failure.headers);
}
