import { readFile, stat, writeFile } from 'node:fs/promises';
import { posix } from 'node:path';
import { isRecord, readJson } from '../core/http.ts';
import { isBelow, workingFolder } from './disk.ts';
import { answerJson, answerText, plain } from './respond.ts';
import type { Call } from '../core/http.ts';
import type { ToolkitRequest } from './request.ts';
import type { Toolkit } from './state.ts';

/** Throws TypeError for an extension that is not a text, as the real one does. */
function captionPath(imgPath: string, ext: unknown): string {
  const given = (ext || 'txt') as string;
  return `${imgPath.replace(/\.[^/.]+$/, '')}.${given.replace(/^\.+/, '').trim() || 'txt'}`;
}

function isInDatasets(toolkit: Toolkit, imgPath: string): boolean {
  return isBelow(posix.resolve(workingFolder(toolkit), imgPath), toolkit.datasetsFolder);
}

/** To these routes a body that is not JSON looks like a client that went away. */
async function bodyOf(call: Call): Promise<Record<string, unknown> | undefined> {
  let body: unknown;
  try {
    body = await readJson(call.body);
  } catch {
    answerText(call.res, 499, '');
    return undefined;
  }
  return isRecord(body) ? body : {};
}

/** POST /api/caption/get: plain text, empty without a file. */
export async function getCaption({ toolkit, call }: ToolkitRequest): Promise<void> {
  const body = await bodyOf(call);
  if (body === undefined) return;
  try {
    const imgPath = body['imgPath'] as string;
    const path = captionPath(imgPath, body['ext']);
    if (!isInDatasets(toolkit, imgPath)) return answerText(call.res, 403, 'Access denied', plain);
    const caption = await readFile(toolkit.disk.real(path), 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
      return '';
    });
    answerText(call.res, 200, caption, plain);
  } catch {
    answerText(call.res, 500, 'Error getting caption', plain);
  }
}

/** POST /api/caption/getBatch: missing files are "", and paths outside the datasets are left out. */
export async function getBatchCaptions({ toolkit, call }: ToolkitRequest): Promise<void> {
  const body = await bodyOf(call);
  if (body === undefined) return;
  const { imgPaths: paths, ext } = body;
  if (!Array.isArray(paths)) return answerJson(call.res, 400, { error: 'imgPaths must be an array' });
  const captions: Record<string, string> = {};
  for (const path of paths as unknown[]) {
    if (typeof path !== 'string' || !isInDatasets(toolkit, path)) continue;
    captions[path] = await readFile(toolkit.disk.real(captionPath(path, ext)), 'utf8').catch(() => '');
  }
  answerJson(call.res, 200, { captions });
}

/** POST /api/img/caption: public, like everything below /api/img/. */
export async function setCaption({ toolkit, call }: ToolkitRequest): Promise<void> {
  try {
    const { imgPath, caption, ext } = (await readJson(call.body)) as {
      imgPath: string;
      caption: string;
      ext?: unknown;
    };
    if (!imgPath.startsWith(toolkit.datasetsFolder)) return answerJson(call.res, 400, { error: 'Invalid image path' });
    const exists = await stat(toolkit.disk.real(imgPath)).then(
      () => true,
      () => false,
    );
    if (!exists) return answerJson(call.res, 404, { error: 'Image does not exist' });
    await writeFile(toolkit.disk.real(captionPath(imgPath, ext)), caption);
    answerJson(call.res, 200, { success: true });
  } catch {
    // The real one says so here too.
    answerJson(call.res, 500, { error: 'Failed to create dataset' });
  }
}
