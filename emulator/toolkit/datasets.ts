import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { readJson } from '../core/http.ts';
import { readMultipart } from '../core/multipart.ts';
import { mediaFiles } from './photos.ts';
import { answerJson, answerPacked } from './respond.ts';
import type { Upload } from '../core/multipart.ts';
import type { Call } from '../core/http.ts';
import type { ToolkitRequest } from './request.ts';
import type { Toolkit } from './state.ts';

/** GET /api/datasets/list, in the order of the disk; creates the folder, but not those above it. */
export async function listDatasets({ toolkit, call: { res } }: ToolkitRequest): Promise<void> {
  try {
    const folder = toolkit.disk.real(toolkit.datasetsFolder);
    await makeFolder(folder);
    const entries = await readdir(folder, { withFileTypes: true });
    const folders = entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'));
    answerJson(
      res,
      200,
      folders.map(({ name }) => name),
    );
  } catch {
    answerJson(res, 500, { error: 'Failed to fetch datasets' });
  }
}

/** Not recursive, like both places of the real one. */
async function makeFolder(folder: string): Promise<void> {
  await mkdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
}

/** POST /api/datasets/create: cleans the name, existing is success, not recursive. */
export async function createDataset({ toolkit, call }: ToolkitRequest): Promise<void> {
  try {
    const { name } = (await readJson(call.body)) as { name: string };
    const cleaned = name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '_');
    await makeFolder(toolkit.disk.real(`${toolkit.datasetsFolder}/${cleaned}`));
    answerJson(call.res, 200, { success: true, name: cleaned });
  } catch {
    answerJson(call.res, 500, { error: 'Failed to create dataset' });
  }
}

/** POST /api/datasets/upload: file names are cleaned, the dataset name is not, same names overwrite. */
export async function uploadToDataset({ toolkit, call }: ToolkitRequest): Promise<void> {
  try {
    const upload = await receive(toolkit, call);
    const files = upload.files.filter(({ field }) => field === 'files');
    if (files.length === 0 && upload.fields['files'] === undefined)
      return answerJson(call.res, 400, { error: 'No files provided' });
    const { datasetName, files: notAFile } = upload.fields;
    if (datasetName === undefined || notAFile !== undefined) throw new TypeError('no datasetName, or a text as a file');
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

/**
 * POST /api/datasets/listImages: recursive, without dot entries and _controls, in the order of a language; compressed
 * when that is accepted.
 */
export async function listImages({ toolkit, call }: ToolkitRequest): Promise<void> {
  const { datasetName: name } = (await readJson(call.body)) as { datasetName: string };
  const folder = posix.join(toolkit.datasetsFolder, name);
  const found = await mediaFiles(toolkit.disk.real(folder)).catch(() => undefined);
  if (found === undefined) return answerJson(call.res, 404, { error: `Folder '${name}' not found` });
  const answer = { root: `${folder}/`, images: found.toSorted((a, b) => a.localeCompare(b)) };
  const accepted = call.headers['accept-encoding'];
  if (/\bbr\b/.test(String(accepted))) answerPacked(call.res, answer, 'br');
  else if (/\bgzip\b/.test(String(accepted))) answerPacked(call.res, answer, 'gzip');
  else answerJson(call.res, 200, answer);
}

/** POST /api/datasets/delete: success also when absent. */
export async function deleteDataset({ toolkit, call }: ToolkitRequest): Promise<void> {
  try {
    const { name } = (await readJson(call.body)) as { name: unknown };
    if (typeof name !== 'string') throw new TypeError('no name');
    await rm(toolkit.disk.real(`${toolkit.datasetsFolder}/${name}`), { recursive: true, force: true });
    answerJson(call.res, 200, { success: true });
  } catch {
    answerJson(call.res, 500, { error: 'Failed to delete dataset' });
  }
}
