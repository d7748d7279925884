import { createHash } from 'node:crypto';
import { readJson, sendJson } from '../core/http.ts';
import { describePicture } from './describe.ts';
import { badRequest } from './failures.ts';
import { readQuestion } from './read-question.ts';
import type { Fault } from '../core/faults.ts';
import type { Call } from '../core/http.ts';
import type { VisionRequest } from './request.ts';

/** POST /v1/chat/completions about one picture. */
export async function completeChat({ call, fault }: VisionRequest): Promise<void> {
  const { model, maxTokens, jpeg } = await readQuestion(await readBodyAsJson(call));
  const { content, end } = shorten(answerText(jpeg, fault), fault?.effect === 'too-long' ? Infinity : maxTokens);
  const tokens = content.split(' ').length;
  sendJson(call.res, 200, {
    id: `chatcmpl-${createHash('sha256').update(jpeg).digest('hex').slice(0, 24)}`,
    object: 'chat.completion',
    created: Math.floor(Date.now() / 1000),
    model,
    choices: [{ index: 0, message: { role: 'assistant', content, refusal: null }, logprobs: null, finish_reason: end }],
    usage: { prompt_tokens: 1_000, completion_tokens: tokens, total_tokens: 1_000 + tokens },
  });
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
