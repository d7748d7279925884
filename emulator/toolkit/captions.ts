import { readFile, stat, writeFile } from 'node:fs/promises';
import { isRecord, readJson } from '../core/http.ts';
import { isBelow } from './disk.ts';
import { answerJson, answerText } from './respond.ts';
import type { Call } from '../core/http.ts';
import type { Toolkit } from './toolkit.ts';

const plain = { 'content-type': 'text/plain;charset=UTF-8' };

function captionPath(imgPath: string, ext: unknown): string {
  return `${imgPath.replace(/\.[^/.]+$/, '')}.${typeof ext === 'string' ? ext : 'txt'}`;
}

/** POST /api/caption/get: plain text, empty without a file. */
export async function getCaption(toolkit: Toolkit, call: Call): Promise<void> {
  const body = await readJson(call.body).catch(() => undefined);
  if (!isRecord(body) || typeof body['imgPath'] !== 'string')
    return answerText(call.res, 499, 'Request aborted', plain);
  const path = captionPath(body['imgPath'], body['ext']);
  if (!isBelow(path, toolkit.datasetsFolder)) return answerText(call.res, 403, 'Access denied', plain);
  answerText(call.res, 200, await readFile(toolkit.disk.real(path), 'utf8').catch(() => ''), plain);
}

/** POST /api/caption/getBatch: missing files are "", paths outside the datasets are dropped. */
export async function getBatchCaptions(toolkit: Toolkit, call: Call): Promise<void> {
  const body = await readJson(call.body).catch(() => undefined);
  const paths = isRecord(body) ? body['imgPaths'] : undefined;
  if (!isRecord(body) || !Array.isArray(paths))
    return answerJson(call.res, 400, { error: 'imgPaths must be an array' });
  const captions: Record<string, string> = {};
  for (const path of paths as string[]) {
    if (!isBelow(path, toolkit.datasetsFolder)) continue;
    captions[path] = await readFile(toolkit.disk.real(captionPath(path, body['ext'])), 'utf8').catch(() => '');
  }
  answerJson(call.res, 200, { captions });
}

/** POST /api/img/caption: public, like everything below /api/img/. */
export async function setCaption(toolkit: Toolkit, call: Call): Promise<void> {
  const body = await readJson(call.body).catch(() => undefined);
  if (!isRecord(body) || typeof body['imgPath'] !== 'string' || typeof body['caption'] !== 'string') {
    return answerJson(call.res, 500, { error: 'Failed to save caption' });
  }
  const { imgPath, caption, ext } = body;
  if (!isBelow(imgPath, toolkit.datasetsFolder)) return answerJson(call.res, 400, { error: 'Invalid image path' });
  const exists = await stat(toolkit.disk.real(imgPath)).then(
    () => true,
    () => false,
  );
  if (!exists) return answerJson(call.res, 404, { error: 'Image does not exist' });
  await writeFile(toolkit.disk.real(captionPath(imgPath, ext)), caption);
  answerJson(call.res, 200, { success: true });
}
