import type { ServerResponse } from 'node:http';

// Head and body as recorded on 2026-11-21: everything chunked, JSON without charset, plain texts without a type.

export function answerJson(res: ServerResponse, status: number, body: unknown): void {
  answer(res, status, { 'content-type': 'application/json' }, JSON.stringify(body));
}

export function answerText(
  res: ServerResponse,
  status: number,
  text: string,
  headers: Record<string, string> = {},
): void {
  answer(res, status, headers, text);
}

/** Unknown /api path: the web app's own 404 page. */
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

function answer(res: ServerResponse, status: number, headers: Record<string, string>, body: string): void {
  res.writeHead(status, { ...headers, 'transfer-encoding': 'chunked' });
  res.end(body);
}
