/** Requests that Node's parser rejects before Fastify sees them, answered in the same shape as all other errors. */
import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { ApiError } from './errors.ts';

interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

const REFUSALS: Readonly<Record<string, Refusal>> = {
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408, code: 'REQUEST_TIMEOUT', message: 'The request took too long to arrive.' },
  HPE_HEADER_OVERFLOW: { status: 431, code: 'HEADERS_TOO_LARGE', message: 'The headers are larger than 16 kB.' },
};
const UNREADABLE: Refusal = { status: 400, code: 'BAD_REQUEST', message: 'The request is not well-formed HTTP.' };

/** An `expect` header other than `100-continue`. */
const UNEXPECTED: Refusal = {
  status: 417,
  code: 'EXPECTATION_FAILED',
  message: 'The only supported expectation is 100-continue.',
};
const NO_HOST: Refusal = { status: 400, code: 'BAD_REQUEST', message: 'The request has no Host header.' };

/** Answers requests that Node itself would reject without a body; runs before every other hook. */
export function refuseLikeNode(app: FastifyInstance): void {
  app.addHook('onRequest', async ({ raw }) => {
    if (raw.headers.host === undefined && raw.httpVersion === '1.1')
      throw new ApiError(NO_HOST.status, NO_HOST.code, NO_HOST.message);
  });
  app.server.on('checkExpectation', (_request, response) => {
    const { status, code, message } = UNEXPECTED;
    response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', connection: 'close' });
    response.end(JSON.stringify({ code, message, requestId: randomUUID() }));
  });
}

/**
 * Fastify's `clientErrorHandler`: writes the answer to the socket by hand, since there is no reply object, and closes
 * it.
 */
export function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  const { status, code, message } = REFUSALS[error.code ?? ''] ?? UNREADABLE;
  const body = JSON.stringify({ code, message, requestId: randomUUID() });
  // Bytes written in the middle of an answer that is under way would be read as part of it.
  const { _httpMessage: underWay } = socket as Socket & { _httpMessage?: { readonly headersSent: boolean } | null };
  if (!socket.writable || underWay?.headersSent === true) return void socket.destroy();
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'content-type: application/json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    'cache-control: no-store',
    'connection: close',
  ];
  // Unread input would otherwise reset the connection before the client has read the answer.
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
  socket.resume();
  setTimeout(() => socket.destroy(), 1_000).unref();
}
