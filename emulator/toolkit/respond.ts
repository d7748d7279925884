import { brotliCompressSync, gzipSync } from 'node:zlib';
import type { ServerResponse } from 'node:http';

// Head and body as recorded on 2026-11-21: everything chunked, JSON without charset, plain texts without a type.

export function answerJson(res: ServerResponse, status: number, body: unknown): void {
  answer(res, status, { 'content-type': 'application/json' }, JSON.stringify(body));
}

/** JSON, compressed. */
export function answerPacked(res: ServerResponse, body: unknown, encoding: 'br' | 'gzip'): void {
  const text = JSON.stringify(body);
  res.writeHead(200, {
    'content-type': 'application/json',
    'content-encoding': encoding,
    'transfer-encoding': 'chunked',
  });
  res.end(encoding === 'br' ? brotliCompressSync(text) : gzipSync(text));
}

export function answerText(
  res: ServerResponse,
  status: number,
  text: string,
  headers: Record<string, string> = {},
): void {
  answer(res, status, headers, text);
}

/** The type of a plain text that a route of the web app answers. */
export const plain = { 'content-type': 'text/plain;charset=UTF-8' };

/** Unknown path: the web app's own 404 page. */
export function answerNotFoundPage(res: ServerResponse): void {
  const page = `<!DOCTYPE html><html lang="en"><head><title>404: This page could not be found.</title></head><body><h1>404</h1>${'<!-- -->'.repeat(1900)}</body></html>`;
  answer(
    res,
    404,
    {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'private, no-cache, no-store, max-age=0, must-revalidate',
    },
    page,
  );
}

/** A head without a body. */
export function answerNothing(res: ServerResponse, status: number, headers: Record<string, string>): void {
  res.writeHead(status, headers);
  res.end();
}

function answer(res: ServerResponse, status: number, headers: Record<string, string>, body: string): void {
  res.writeHead(status, { ...headers, 'transfer-encoding': 'chunked' });
  res.end(body);
}
