import { createHash } from 'node:crypto';
import { applyHttpFault } from '../core/http-faults.ts';
import { HttpFailure, bearerToken, readJson, sendJson } from '../core/http.ts';
import { describePicture } from './describe.ts';
import { badRequest, visionFailure, wrongKey } from './failures.ts';
import { readVisionRequest } from './validate-request.ts';
import type { Fault } from '../core/faults.ts';
import type { Call } from '../core/http.ts';
import type { World } from '../world.ts';

const KEY = 'emulated';

/** Chat completions about a picture, as https://platform.openai.com/docs/api-reference/chat/create states them (read 2026-11). */
export async function handleVision(world: World, call: Call): Promise<void> {
  const isChat = call.path === '/v1/chat/completions';
  world.book.countRequest(`${call.method} vision ${isChat ? 'chat/completions' : 'unknown'}`);
  const fault = world.faults.take('vision', { method: call.method, path: call.path });
  if (await applyHttpFault(call, fault, refuse)) return;
  try {
    if (!isChat || call.method !== 'POST')
      throw visionFailure(404, {
        message: `Invalid URL (${call.method} ${call.path})`,
        type: 'invalid_request_error',
      });
    const key = bearerToken(call.headers);
    if (key !== KEY) throw wrongKey(key);
    const { model, maxTokens, jpeg } = await readVisionRequest(await readBodyAsJson(call));
    const { content, end } = shorten(answerText(jpeg, fault), fault?.effect === 'too-long' ? Infinity : maxTokens);
    const tokens = content.split(' ').length;
    sendJson(call.res, 200, {
      id: `chatcmpl-${createHash('sha256').update(jpeg).digest('hex').slice(0, 24)}`,
      object: 'chat.completion',
      created: Math.floor(Date.now() / 1000),
      model,
      choices: [
        { index: 0, message: { role: 'assistant', content, refusal: null }, logprobs: null, finish_reason: end },
      ],
      usage: { prompt_tokens: 1_000, completion_tokens: tokens, total_tokens: 1_000 + tokens },
    });
  } catch (error) {
    if (!(error instanceof HttpFailure)) throw error;
    call.body.resume();
    sendJson(call.res, error.status, error.body, error.headers);
  }
}

async function readBodyAsJson(call: Call): Promise<unknown> {
  if (!/^application\/json\b/.test(call.headers['content-type'] ?? ''))
    throw badRequest('emulator: the content type must be application/json');
  try {
    return await readJson(call.body);
  } catch (error) {
    if (error instanceof SyntaxError) throw badRequest('We could not parse the JSON body of your request.');
    throw error;
  }
}

function answerText(jpeg: Buffer, fault: Fault | undefined): string {
  switch (fault?.effect) {
    case 'apology':
      return "I'm sorry, but I can't help with identifying or describing people in images.";
    case 'empty':
      return '';
    case 'too-long':
      return Array.from({ length: 60 }, () => describePicture(jpeg)).join(', ');
    default:
      return describePicture(jpeg);
  }
}

/** One word is counted as one token. */
function shorten(text: string, maxTokens: number): { content: string; end: 'stop' | 'length' } {
  const words = text.split(' ');
  if (words.length <= maxTokens) return { content: text, end: 'stop' };
  return { content: words.slice(0, maxTokens).join(' '), end: 'length' };
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
