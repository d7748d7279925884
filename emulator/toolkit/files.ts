import { randomUUID } from 'node:crypto';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import { isRecord, readJson } from '../core/http.ts';
import { sendFileBytes } from '../core/send-file.ts';
import { isMedia, receive } from './datasets.ts';
import { isBelow } from './disk.ts';
import { answerJson, answerText } from './respond.ts';
import type { Call } from '../core/http.ts';
import type { Toolkit } from './toolkit.ts';

const types: Record<string, string> = {
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.webp': 'image/webp',
  '.mp4': 'video/mp4',
  '.txt': 'text/plain',
  '.json': 'application/json',
  '.yaml': 'application/x-yaml',
  '.zip': 'application/zip',
};

function typeOf(path: string): string {
  return types[extname(path).toLowerCase()] ?? 'application/octet-stream';
}

interface Found {
  podPath: string;
  realPath: string;
  size: number;
  mtimeMs: number;
}

/** Resolves the rest of the raw path; answers the refusal itself and gives undefined. */
async function find(toolkit: Toolkit, call: Call, rest: string, folders: string[]): Promise<Found | undefined> {
  let podPath: string;
  try {
    podPath = decodeURIComponent(rest);
  } catch {
    answerText(call.res, 500, '');
    return undefined;
  }
  const isAllowed =
    podPath.startsWith('/') && !podPath.includes('..') && folders.some((folder) => isBelow(podPath, folder));
  if (!isAllowed) {
    answerText(call.res, 403, 'Access denied');
    return undefined;
  }
  const realPath = toolkit.disk.real(podPath);
  const info = await stat(realPath).catch(() => undefined);
  if (info === undefined) {
    answerText(call.res, 404, 'File not found');
    return undefined;
  }
  if (!info.isFile()) {
    answerText(call.res, 400, 'Not a file');
    return undefined;
  }
  return { podPath, realPath, size: info.size, mtimeMs: info.mtimeMs };
}

/** GET and HEAD /api/files/{path}: public; ranges with the two recorded bugs (suffix 416, end beyond the file hangs). */
export async function sendToolkitFile(toolkit: Toolkit, call: Call, rest: string): Promise<void> {
  const file = await find(toolkit, call, rest, [toolkit.trainingFolder, toolkit.datasetsFolder]);
  if (file === undefined) return;
  const { res } = call;
  const headers: Record<string, string> = {
    'content-type': typeOf(file.podPath),
    'accept-ranges': 'bytes',
    'content-disposition': `attachment; filename="${basename(file.podPath)}"`,
    'cache-control': 'public, max-age=86400',
    'x-content-type-options': 'nosniff',
  };
  const range = call.headers.range;
  if (range === undefined) {
    res.writeHead(200, { ...headers, 'content-length': file.size });
    if (call.method === 'HEAD') res.end();
    else await sendBody(call, file, 0, file.size);
    return;
  }
  const match = /^bytes=(\d+)-(\d*)$/.exec(range);
  const start = Number(match?.[1] ?? Number.NaN);
  if (Number.isNaN(start) || start >= file.size)
    return answerText(res, 416, '', { 'content-range': `bytes */${file.size}` });
  const last = match?.[2] ? Number(match[2]) : file.size - 1;
  res.writeHead(206, {
    ...headers,
    'content-length': last - start + 1,
    'content-range': `bytes ${start}-${last}/${file.size}`,
  });
  if (call.method === 'HEAD') res.end();
  else await sendBody(call, file, start, last + 1);
}

async function sendBody(call: Call, file: Found, start: number, end: number): Promise<void> {
  const outcome = await sendFileBytes({
    path: file.realPath,
    start,
    end: Math.min(end, file.size),
    res: call.res,
    transfer: call.transfer,
  });
  if (outcome === 'cut') call.res.destroy();
  // Promised more than the file has: the socket stays open and the client waits, as recorded.
  else if (end <= file.size) call.res.end();
}

/** GET and HEAD /api/img/{path}: public, inline, weak ETag; thumbnails are the picture itself. */
export async function sendImage(toolkit: Toolkit, call: Call, rest: string): Promise<void> {
  const file = await find(toolkit, call, rest, [
    toolkit.trainingFolder,
    toolkit.datasetsFolder,
    `${toolkit.root}/data`,
  ]);
  if (file === undefined) return;
  const { res } = call;
  const etag = `W/"${file.size.toString(36)}-${file.mtimeMs.toString(36)}"`;
  const headers = { 'accept-ranges': 'bytes', 'cache-control': 'public, max-age=86400, immutable', etag };
  if (call.headers['if-none-match'] === etag) {
    res.writeHead(304, headers).end();
    return;
  }
  res.writeHead(200, { ...headers, 'content-type': typeOf(file.podPath), 'content-length': file.size });
  if (call.method === 'HEAD') res.end();
  else await sendBody(call, file, 0, file.size);
}

/** POST /api/files/delete: public, refusals as plain text. */
export async function deleteFile(toolkit: Toolkit, call: Call): Promise<void> {
  const body = await readJson(call.body).catch(() => undefined);
  const filePath = isRecord(body) ? body['filePath'] : undefined;
  if (typeof filePath !== 'string') return answerText(call.res, 400, 'File path is required');
  const file = await find(toolkit, call, encodeURIComponent(filePath), [
    toolkit.trainingFolder,
    toolkit.datasetsFolder,
  ]);
  if (file === undefined) return;
  await rm(file.realPath);
  answerJson(call.res, 200, { success: true });
}

/** POST /api/img/delete: public, also removes the caption; success when absent. */
export async function deleteImage(toolkit: Toolkit, call: Call): Promise<void> {
  const body = await readJson(call.body).catch(() => undefined);
  const imgPath = isRecord(body) ? body['imgPath'] : undefined;
  if (typeof imgPath !== 'string') return answerJson(call.res, 500, { error: 'Failed to delete image' });
  const isAllowed =
    isMedia(imgPath) && [toolkit.trainingFolder, toolkit.datasetsFolder].some((folder) => isBelow(imgPath, folder));
  if (!isAllowed) return answerJson(call.res, 400, { error: 'Invalid image path' });
  await rm(toolkit.disk.real(imgPath), { force: true });
  await rm(toolkit.disk.real(`${imgPath.replace(/\.[^/.]+$/, '')}.txt`), { force: true });
  answerJson(call.res, 200, { success: true });
}

/** POST /api/img/upload: control pictures for samples; public. */
export async function uploadImages(toolkit: Toolkit, call: Call): Promise<void> {
  try {
    const upload = await receive(toolkit, call);
    const files = upload.files.filter(({ field }) => field === 'files');
    if (files.length === 0) return answerJson(call.res, 400, { error: 'No files provided' });
    const folder = `${toolkit.root}/data/images`;
    await mkdir(toolkit.disk.real(folder), { recursive: true });
    const saved: string[] = [];
    for (const file of files) {
      const path = `${folder}/${randomUUID()}${extname(file.fileName)}`;
      await rename(file.tempPath, toolkit.disk.real(path));
      saved.push(path);
    }
    answerJson(call.res, 200, { message: 'Files uploaded successfully', files: saved });
  } catch {
    if (!call.res.headersSent) answerJson(call.res, 500, { error: 'Error uploading files' });
  }
}
