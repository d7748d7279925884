/**
 * How we speak HTTP to vendors: every call has a time limit and an abort signal, never follows a redirect (which would
 * carry the token elsewhere), and never lets a credential into an error.
 */
import { request as httpRequest } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { TemperaError } from '../core/failure.ts';
import { TimeLimitError, withTimeLimit } from '../core/time-limit.ts';

/** Some vendors' edges answer 403 to default agents (RunPod's does: runpod-errors `v2.cloudflare-ua`). */
export const USER_AGENT = 'tempera/0.1 (+https://www.npmjs.com/package/tempera)';

/** A body that is ready to send. */
export interface RawBody {
  readonly contentType: string;
  readonly bytes: Buffer<ArrayBuffer>;
}

export interface SendOptions {
  /** The name of the server, for error messages: "RunPod", "the trainer". */
  readonly vendor: string;
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  readonly url: string;
  /** Credential headers go here; they never reach an error or a log. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly json?: unknown;
  readonly raw?: RawBody;
  /** Milliseconds, default 20,000. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly contentType: string;
  readonly text: string;
  /** The body as JSON; undefined when it is not JSON. */
  readonly json: unknown;
}

/**
 * Sends one request and reads the whole answer. Any status is an answer; only a failed exchange throws
 * PROVIDER_UNAVAILABLE.
 */
export async function send(options: SendOptions): Promise<HttpAnswer> {
  const { vendor, method, url, timeoutMs = 20_000, signal } = options;
  const headers: Record<string, string> = { accept: 'application/json', 'user-agent': USER_AGENT, ...options.headers };
  const init: RequestInit = { method, headers, redirect: 'error' };
  if (options.json !== undefined) {
    headers['content-type'] = 'application/json';
    init.body = JSON.stringify(options.json);
  } else if (options.raw) {
    headers['content-type'] = options.raw.contentType;
    init.body = options.raw.bytes;
  }
  try {
    return await withTimeLimit(timeoutMs, signal, async (inTime) => {
      const response = await fetch(url, { ...init, signal: inTime });
      const text = await response.text();
      return {
        status: response.status,
        headers: response.headers,
        contentType: response.headers.get('content-type') ?? '',
        text,
        json: parseJson(text),
      };
    });
  } catch (cause) {
    signal?.throwIfAborted();
    const why = cause instanceof TimeLimitError ? `no answer within ${timeoutMs} ms` : networkReason(cause);
    throw unreachable({ vendor, method, url, why, cause });
  }
}

export interface DownloadOptions {
  readonly vendor: string;
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Longest silence on the connection. Milliseconds, default 30,000. */
  readonly idleTimeoutMs?: number;
  readonly signal: AbortSignal;
}

/**
 * Opens a download as a plain Node stream, without the web streams of `fetch` in between. Throws PROVIDER_UNAVAILABLE
 * for a failed exchange; the caller judges the status. A body that ends early errors the stream.
 */
export async function openDownload(options: DownloadOptions): Promise<IncomingMessage> {
  const { vendor, url, signal, idleTimeoutMs = 30_000 } = options;
  signal.throwIfAborted();
  const request = url.startsWith('https:') ? httpsRequest : httpRequest;
  return await new Promise<IncomingMessage>((resolve, reject) => {
    const fail = (cause: unknown) => reject(unreachable({ vendor, method: 'GET', url, cause }));
    const call = request(
      url,
      {
        headers: { 'user-agent': USER_AGENT, ...options.headers },
        signal,
      },
      resolve,
    );
    call.setTimeout(idleTimeoutMs, () => call.destroy(new Error(`no data for ${idleTimeoutMs} ms`)));
    call.on('error', (error) => (signal.aborted ? reject(signal.reason as Error) : fail(error)));
    // An answer that switches protocols, or a dead socket, closes without any other event.
    call.on('close', () => fail(new Error('the connection was closed without an answer')));
    call.end();
  });
}

/** The PROVIDER_UNAVAILABLE for a failed exchange; contains neither query nor credentials. */
export function unreachable(exchange: {
  readonly vendor: string;
  readonly method: string;
  readonly url: string;
  /** Default: the network error's own reason. */
  readonly why?: string;
  readonly cause: unknown;
}): TemperaError {
  const { vendor, method, url, cause, why = networkReason(cause) } = exchange;
  return new TemperaError(
    'PROVIDER_UNAVAILABLE',
    `${vendor} could not be reached: ${method} ${publicPath(url)}: ${why}`,
    { cause },
  );
}

/** Seconds or a date of a Retry-After header as milliseconds; undefined when absent or unreadable. */
export function retryAfterMs(headers: Headers, now = Date.now()): number | undefined {
  const text = headers.get('retry-after');
  if (text === null) return undefined;
  const seconds = Number(text);
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1_000);
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

/**
 * The path of an address without its query, which may contain a signature, and without the trainer's file names, which
 * unlock its public routes.
 */
function publicPath(url: string): string {
  return new URL(url).pathname.replace(/(\/api\/(?:files|img)\/).*/, '$1...').slice(0, 200);
}

/** Undefined when the text is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function networkReason(cause: unknown): string {
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
  if (!(inner instanceof Error)) return 'network error';
  return 'code' in inner && typeof inner.code === 'string' ? inner.code : inner.message.slice(0, 100);
}
