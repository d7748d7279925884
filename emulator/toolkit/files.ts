import { randomUUID } from 'node:crypto';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { posix } from 'node:path';
import { readJson } from '../core/http.ts';
import { receive } from './datasets.ts';
import { isBelow, workingFolder } from './disk.ts';
import { answerJson, answerText, plain } from './respond.ts';
import type { ToolkitRequest } from './request.ts';

/** POST /api/files/delete: public, refusals as plain text; the path is decoded once more. */
export async function deleteFile({ toolkit, call }: ToolkitRequest): Promise<void> {
  const { res } = call;
  try {
    const { filePath } = (await readJson(call.body)) as { filePath?: unknown };
    if (typeof filePath !== 'string' || filePath === '') return answerText(res, 400, 'filePath is required', plain);
    const path = posix.resolve(workingFolder(toolkit), decodeURIComponent(filePath));
    const folders = [toolkit.datasetsFolder, toolkit.trainingFolder];
    if (!folders.some((folder) => isBelow(path, folder))) return answerText(res, 403, 'Access denied', plain);
    const info = await stat(toolkit.disk.real(path)).catch(() => undefined);
    if (info === undefined) return answerText(res, 404, 'File not found', plain);
    if (!info.isFile()) return answerText(res, 400, 'Not a file', plain);
    await rm(toolkit.disk.real(path));
    answerJson(res, 200, { success: true });
  } catch {
    answerText(res, 500, 'Internal Server Error', plain);
  }
}

const images = /\.(jpg|jpeg|png|bmp|gif|tiff|webp|mp4|mp3|wav|flac|ogg)$/i;

/** POST /api/img/delete: public, also removes the caption; success when absent. */
export async function deleteImage({ toolkit, call }: ToolkitRequest): Promise<void> {
  try {
    const { imgPath } = (await readJson(call.body)) as { imgPath: string };
    const folders = [toolkit.datasetsFolder, toolkit.trainingFolder];
    if (!folders.some((folder) => imgPath.startsWith(folder)))
      return answerJson(call.res, 400, { error: 'Invalid image path' });
    if (!images.test(imgPath)) return answerJson(call.res, 400, { error: 'Not an image' });
    await rm(toolkit.disk.real(imgPath), { force: true });
    await rm(toolkit.disk.real(`${imgPath.replace(/\.[^/.]+$/, '')}.txt`), { force: true });
    answerJson(call.res, 200, { success: true });
  } catch {
    // The real one says so here too.
    answerJson(call.res, 500, { error: 'Failed to create dataset' });
  }
}

/** POST /api/img/upload: control pictures for samples; public. */
export async function uploadImages({ toolkit, call }: ToolkitRequest): Promise<void> {
  try {
    const upload = await receive(toolkit, call);
    const files = upload.files.filter(({ field }) => field === 'files');
    if (files.length === 0) return answerJson(call.res, 400, { error: 'No files provided' });
    const folder = `${toolkit.root}/data/images`;
    await mkdir(toolkit.disk.real(folder), { recursive: true });
    const saved: string[] = [];
    for (const file of files) {
      const path = `${folder}/${randomUUID()}.${file.fileName.split('.').pop() || 'jpg'}`;
      await rename(file.tempPath, toolkit.disk.real(path));
      saved.push(path);
    }
    answerJson(call.res, 200, { message: 'Files uploaded successfully', files: saved });
  } catch {
    if (!call.res.headersSent) answerJson(call.res, 500, { error: 'Error uploading files' });
  }
}
