import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';

/** How a proxy bends the transfer of a file. */
export interface TransferShape {
  bytesPerSecond?: number | null;
  /** Cut the connection after so many bytes of the body. */
  truncateAfterBytes?: number;
  /** Flip bytes at this offset. */
  corruptAtByte?: number;
  firstByteDelayMs?: number;
}

/** One request as a handler sees it: raw path and query, body as a stream. */
export interface Call {
  method: string;
  /** Raw path without query, as sent. */
  path: string;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  body: Readable;
  res: ServerResponse;
  /** Address of this world as the client called it, e.g. `http://127.0.0.1:4000/w/demo`. */
  worldUrl: string;
  transfer: TransferShape;
}

/** Thrown by handlers to answer with a status and a body. */
export class HttpFailure extends Error {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Record<string, string>;

  constructor(status: number, body: unknown, headers: Record<string, string> = {}) {
    super(`answers ${status}`);
    this.name = 'HttpFailure';
    this.status = status;
    this.body = body;
    this.headers = headers;
  }
}

export function sendJson(
  res: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  res.writeHead(status, { 'content-type': 'application/json', ...headers });
  res.end(JSON.stringify(body));
}

export function sendText(
  res: ServerResponse,
  status: number,
  body: string,
  headers: Record<string, string> = {},
): void {
  res.writeHead(status, headers);
  res.end(body);
}

export function sendHtml(
  res: ServerResponse,
  status: number,
  title: string,
  headers: Record<string, string> = {},
): void {
  res.writeHead(status, { 'content-type': 'text/html', ...headers });
  res.end(`<!DOCTYPE html><html><head><title>${title}</title></head><body><h1>${title}</h1></body></html>\n`);
}

/** Reads a small body whole; throws 413 above the limit. */
export async function readBody(body: Readable, limitBytes = 16 * 1024 * 1024): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limitBytes) throw new HttpFailure(413, { error: 'body too large' });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Parses a JSON body; throws SyntaxError when it is not JSON. */
export async function readJson(body: Readable, limitBytes?: number): Promise<unknown> {
  return JSON.parse((await readBody(body, limitBytes)).toString('utf8'));
}

/** The second word of the Authorization header. */
export function bearerToken(headers: IncomingHttpHeaders): string | undefined {
  return headers.authorization?.split(' ')[1];
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
