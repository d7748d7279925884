import { stat } from 'node:fs/promises';
import { basename, extname, posix } from 'node:path';
import { sendFileBytes } from '../core/send-file.ts';
import { isBelow, workingFolder } from './disk.ts';
import { answerText } from './respond.ts';
import type { Stats } from 'node:fs';
import type { Call } from '../core/http.ts';
import type { Toolkit } from './state.ts';

// contentTypeMap of ui/cron/fileServer.ts (ostris/ai-toolkit@27a03a91): what is not named here is octet-stream, also
// .txt and .json.
const types: Record<string, string> = {
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.png': 'image/png',
  '.gif': 'image/gif',
  '.webp': 'image/webp',
  '.svg': 'image/svg+xml',
  '.bmp': 'image/bmp',
  '.zip': 'application/zip',
  '.mp4': 'video/mp4',
  '.avi': 'video/x-msvideo',
  '.mov': 'video/quicktime',
  '.mkv': 'video/x-matroska',
  '.wmv': 'video/x-ms-wmv',
  '.m4v': 'video/x-m4v',
  '.flv': 'video/x-flv',
  '.mp3': 'audio/mpeg',
  '.wav': 'audio/wav',
  '.flac': 'audio/flac',
  '.ogg': 'audio/ogg',
};

/**
 * GET and HEAD of /api/files/{path} (a download) and /api/img/{path} (inline, with a weak ETag): public. Thumbnails are
 * the picture itself. Ranges have the real one's faults: a suffix is refused, an end beyond the file hangs, and only
 * the first of several counts.
 */
export async function serveFile(toolkit: Toolkit, call: Call, prefix: '/api/files/' | '/api/img/'): Promise<void> {
  const { res } = call;
  const isImage = prefix === '/api/img/';
  let path: string;
  try {
    const decoded = call.path.slice(prefix.length).split('/').map(decodeURIComponent).join('/');
    path = posix.resolve(workingFolder(toolkit), decoded);
  } catch {
    return answerText(res, 500, '');
  }
  const folders = [toolkit.trainingFolder, toolkit.datasetsFolder, ...(isImage ? [`${toolkit.root}/data`] : [])];
  if (!folders.some((folder) => isBelow(path, folder))) return answerText(res, 403, 'Access denied');
  const realPath = toolkit.disk.real(path);
  const info = await stat(realPath).catch(() => undefined);
  if (info === undefined) return answerText(res, 404, 'File not found');
  if (!info.isFile()) return answerText(res, 400, 'Not a file');

  const headers = { ...headersOf(path), ...(isImage ? inline(info) : download(path)) };
  if (isImage && call.headers['if-none-match'] === headers.etag) {
    res.writeHead(304, { etag: headers.etag, 'cache-control': headers['cache-control'] }).end();
    return;
  }
  const range = rangeOf(call.headers.range, info.size);
  if (range === 'refused') return answerText(res, 416, '', { 'content-range': `bytes */${info.size}` });
  const { start, last } = range;
  res.writeHead(range.isPart ? 206 : 200, {
    ...headers,
    ...(range.isPart && { 'content-range': `bytes ${start}-${last}/${info.size}` }),
    'content-length': last - start + 1,
  });
  if (call.method === 'HEAD') res.end();
  else await sendBody(call, { path: realPath, size: info.size, start, end: last + 1 });
}

function headersOf(path: string): Record<string, string> {
  const type = types[extname(path).toLowerCase()] ?? 'application/octet-stream';
  return { 'content-type': type, 'accept-ranges': 'bytes' };
}

function inline({ ino, size, mtimeMs }: Stats): Record<string, string> {
  const etag = `W/"${ino.toString(36)}-${size.toString(36)}-${mtimeMs.toString(36)}"`;
  return { 'cache-control': 'public, max-age=86400, immutable', etag };
}

function download(path: string): Record<string, string> {
  return {
    'cache-control': 'public, max-age=86400',
    'content-disposition': `attachment; filename="${encodeURIComponent(basename(path))}"`,
    'x-content-type-options': 'nosniff',
  };
}

/** The bytes that are asked for, read as carelessly as the real one does. */
function rangeOf(
  header: string | undefined,
  size: number,
): { start: number; last: number; isPart: boolean } | 'refused' {
  if (header === undefined) return { start: 0, last: size - 1, isPart: false };
  const [from = '', to] = header.replace('bytes=', '').split('-');
  const start = Number.parseInt(from, 10);
  const last = to ? Number.parseInt(to, 10) : size - 1;
  if (Number.isNaN(start) || Number.isNaN(last) || start > last || start >= size) return 'refused';
  return { start, last, isPart: true };
}

async function sendBody(
  call: Call,
  { path, size, start, end }: { path: string; size: number; start: number; end: number },
): Promise<void> {
  const { res, transfer } = call;
  const outcome = await sendFileBytes({ path, start, end: Math.min(end, size), res, transfer });
  if (outcome === 'cut') res.destroy();
  // More was promised than the file has: the socket stays open and the client waits, as recorded.
  else if (end <= size) res.end();
}
