/** Sends a body while reading it, over Node's own HTTP: `fetch` cannot announce the length of a stream. */
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { text } from 'node:stream/consumers';
import { TimeLimitError, withTimeLimit } from '../core/time-limit.ts';
import { USER_AGENT, parseJson, unreachable } from './http.ts';
import type { HttpAnswer } from './http.ts';

export interface StreamedBody {
  readonly contentType: string;
  /** The exact total of `chunks`. */
  readonly sizeBytes: number;
  readonly chunks: AsyncIterable<Uint8Array>;
}

interface SendStreamOptions {
  /** The name of the server, for error messages. */
  readonly vendor: string;
  readonly url: string;
  /** Credential headers go here; they never reach an error or a log. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: StreamedBody;
  /** For the whole exchange. Milliseconds. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/**
 * POSTs a stream and reads the whole answer, even if it arrives before the body has been sent. Any status is an answer;
 * a failed exchange throws PROVIDER_UNAVAILABLE. The source is closed in any case.
 */
export async function sendStream({
  vendor,
  url,
  headers,
  body,
  timeoutMs,
  signal,
}: SendStreamOptions): Promise<HttpAnswer> {
  try {
    return await withTimeLimit(timeoutMs, signal, (inTime) => exchange({ url, headers, body, signal: inTime }));
  } catch (cause) {
    signal.throwIfAborted();
    const why = cause instanceof TimeLimitError ? { why: `no answer within ${timeoutMs} ms` } : {};
    throw unreachable({ vendor, method: 'POST', url, cause, ...why });
  }
}

async function exchange(params: Pick<SendStreamOptions, 'url' | 'headers' | 'body' | 'signal'>): Promise<HttpAnswer> {
  const { url, headers, body, signal } = params;
  const source = Readable.from(body.chunks, { objectMode: false });
  let broken: unknown;
  source.on('error', (error) => {
    broken = error;
  });
  const call = (url.startsWith('https:') ? httpsRequest : httpRequest)(url, {
    method: 'POST',
    headers: {
      'user-agent': USER_AGENT,
      accept: 'application/json',
      'content-type': body.contentType,
      'content-length': body.sizeBytes,
      ...headers,
    },
    signal,
  });
  try {
    const answered = new Promise<IncomingMessage>((resolve, reject) => {
      call.on('response', resolve);
      call.on('error', reject);
      // An answer that switches protocols, or a dead socket, closes without any other event.
      call.on('close', () => reject(new Error('the connection was closed without an answer')));
    });
    // If the body fails, the call fails too. A server that refuses a body may answer and hang up early: then the answer
    // counts.
    pipeline(source, call).catch(() => undefined);
    const response = await answered;
    const said = await text(response);
    return {
      status: response.statusCode ?? 0,
      headers: new Headers(response.headers as Record<string, string>),
      contentType: response.headers['content-type'] ?? '',
      text: said,
      json: parseJson(said),
    };
  } catch (cause) {
    throw broken ?? cause;
  } finally {
    call.destroy();
    source.destroy();
  }
}
