import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { extname, join, posix } from 'node:path';
import { isRecord, readJson } from '../core/http.ts';
import { readMultipart } from '../core/multipart.ts';
import { answerJson, answerText } from './respond.ts';
import type { Upload } from '../core/multipart.ts';
import type { Call } from '../core/http.ts';
import type { Toolkit } from './toolkit.ts';

const mediaExtensions = new Set('png jpg jpeg webp mp4 avi mov mkv wmv m4v flv mp3 wav flac ogg'.split(' '));
const photoExtensions = new Set(['jpg', 'jpeg', 'png', 'webp']);

export function isMedia(name: string): boolean {
  return mediaExtensions.has(extname(name).slice(1).toLowerCase());
}

function isPhoto(name: string): boolean {
  return photoExtensions.has(extname(name).slice(1).toLowerCase());
}

/** GET /api/datasets/list; creates the folder. */
export async function listDatasets(toolkit: Toolkit, { res }: Call): Promise<void> {
  const folder = toolkit.disk.real(toolkit.datasetsFolder);
  await mkdir(folder, { recursive: true });
  const entries = await readdir(folder, { withFileTypes: true });
  answerJson(
    res,
    200,
    entries
      .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
      .map(({ name }) => name)
      .toSorted(),
  );
}

/** POST /api/datasets/create: cleans the name, existing is success, not recursive. */
export async function createDataset(toolkit: Toolkit, call: Call): Promise<void> {
  try {
    const { name } = (await readJson(call.body)) as { name: string };
    const cleaned = name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '_');
    await mkdir(toolkit.disk.real(`${toolkit.datasetsFolder}/${cleaned}`)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
    answerJson(call.res, 200, { success: true, name: cleaned });
  } catch {
    answerJson(call.res, 500, { error: 'Failed to create dataset' });
  }
}

/** POST /api/datasets/upload: file names are cleaned, the dataset name is not, same names overwrite. */
export async function uploadToDataset(toolkit: Toolkit, call: Call): Promise<void> {
  try {
    const upload = await receive(toolkit, call);
    const files = upload.files.filter(({ field }) => field === 'files');
    if (files.length === 0) return answerJson(call.res, 400, { error: 'No files provided' });
    const { datasetName } = upload.fields;
    if (datasetName === undefined) throw new TypeError('no datasetName');
    const folder = toolkit.disk.real(`${toolkit.datasetsFolder}/${datasetName}`);
    await mkdir(folder, { recursive: true });
    const saved: string[] = [];
    for (const file of files) {
      const name = file.fileName.replaceAll(/[^a-zA-Z0-9.-]/g, '_');
      await rename(file.tempPath, join(folder, name));
      saved.push(name);
    }
    answerJson(call.res, 200, { message: 'Files uploaded successfully', files: saved });
  } catch {
    if (!call.res.headersSent) answerJson(call.res, 500, { error: 'Error uploading files' });
  }
}

export async function receive(toolkit: Toolkit, call: Call): Promise<Upload> {
  return readMultipart({
    body: call.body,
    contentType: call.headers['content-type'],
    tempPath: () => toolkit.tempPath(),
  });
}

/** POST /api/datasets/listImages: sorted, recursive, without dot entries and _controls. */
export async function listImages(toolkit: Toolkit, call: Call): Promise<void> {
  const body = await readJson(call.body).catch(() => undefined);
  const name = isRecord(body) ? body['datasetName'] : undefined;
  if (typeof name !== 'string') return answerText(call.res, 500, '');
  const folder = posix.join(toolkit.datasetsFolder, name);
  const found = await mediaFiles(toolkit.disk.real(folder)).catch(() => undefined);
  if (found === undefined) return answerJson(call.res, 404, { error: `Folder '${name}' not found` });
  answerJson(call.res, 200, { root: `${folder}/`, images: found });
}

async function mediaFiles(folder: string, below = ''): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(join(folder, below), { withFileTypes: true })) {
    if (entry.name.startsWith('.') || entry.name === '_controls') continue;
    const path = below === '' ? entry.name : `${below}/${entry.name}`;
    if (entry.isDirectory()) found.push(...(await mediaFiles(folder, path)));
    else if (isMedia(entry.name)) found.push(path);
  }
  return found.toSorted();
}

/** POST /api/datasets/delete: success also when absent. */
export async function deleteDataset(toolkit: Toolkit, call: Call): Promise<void> {
  try {
    const { name } = (await readJson(call.body)) as { name: unknown };
    if (typeof name !== 'string') throw new TypeError('no name');
    await rm(toolkit.disk.real(`${toolkit.datasetsFolder}/${name}`), { recursive: true, force: true });
    answerJson(call.res, 200, { success: true });
  } catch {
    answerJson(call.res, 500, { error: 'Failed to delete dataset' });
  }
}

/** The photos that a training would use, with captions beside them. */
export async function photosOf(folder: string): Promise<string[]> {
  await stat(folder);
  return (await mediaFiles(folder)).filter(isPhoto);
}
