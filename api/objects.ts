/** Serves objects from the file system store to anyone with a signed URL. */
import type { Readable } from 'node:stream';
import type { ApiDeps } from './deps.ts';
import { ApiError, notFound } from './errors.ts';

interface ObjectRequest {
  readonly key: string;
  readonly expires: string;
  readonly signature: string;
  readonly filename: string | undefined;
  readonly range: string | undefined;
  /** HEAD: the same answer without the bytes, which are then not opened. */
  readonly isHead: boolean;
}

interface ObjectAnswer {
  readonly status: 200 | 206;
  readonly headers: Record<string, string | number>;
  readonly body: Readable | null;
}

/** Throws ApiError: 403 LINK_INVALID, 404, 416 RANGE_NOT_SATISFIABLE. */
export async function openObject(
  { store, signedObjects, clock }: ApiDeps,
  request: ObjectRequest,
): Promise<ObjectAnswer> {
  const { key, signature, filename } = request;
  const url = { key, signature, filename, expires: Number(request.expires), now: clock().getTime() };
  if (signedObjects === undefined || !signedObjects.verify(url)) {
    throw new ApiError(403, 'LINK_INVALID', 'This link is invalid or has expired; request a new one.');
  }
  const stored = await store.head(key);
  if (stored === null) throw notFound('object');
  const { sizeBytes, sha256 } = stored;
  const range = parseRange(request.range, sizeBytes);
  const opened = request.isHead ? { body: null } : await store.get(key, range === null ? {} : { range });
  if (opened === null) throw notFound('object');
  const headers = {
    'content-type': 'application/octet-stream',
    'content-disposition': contentDisposition(filename ?? key.split('/').at(-1)!),
    'accept-ranges': 'bytes',
    etag: `"${sha256}"`,
    'content-length': range === null ? sizeBytes : range.end - range.start + 1,
  };
  if (range === null) return { status: 200, headers, body: opened.body };
  return {
    status: 206,
    headers: { ...headers, 'content-range': `bytes ${range.start}-${range.end}/${sizeBytes}` },
    body: opened.body,
  };
}

/** One byte range (RFC 9110); null for none, or for a form that may be ignored. Throws ApiError 416. */
export function parseRange(
  header: string | undefined,
  sizeBytes: number,
): { readonly start: number; readonly end: number } | null {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (match === null || (match[1] === '' && match[2] === '')) return null;
  const [, first, last] = match as unknown as [string, string, string];
  const start = first === '' ? Math.max(0, sizeBytes - Number(last)) : Number(first);
  const end = first === '' || last === '' ? sizeBytes - 1 : Math.min(Number(last), sizeBytes - 1);
  if (first !== '' && last !== '' && Number(last) < start) return null;
  if (start >= sizeBytes || start > end)
    throw new ApiError(416, 'RANGE_NOT_SATISFIABLE', `The object has ${sizeBytes} bytes.`);
  return { start, end };
}

/** RFC 6266: an ASCII name for old clients, the real one in UTF-8. */
export function contentDisposition(filename: string): string {
  const plain = filename.replace(/[^A-Za-z0-9._ -]/g, '_');
  const encoded = encodeURIComponent(filename).replace(
    /['()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`;
}
