import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readdir, stat } from 'node:fs/promises';
import { join, parse } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { PhotoOverride } from '../../core/curation.ts';
import type { PhotoToCurate } from '../contract.ts';
import { sniff, SNIFF_BYTES } from '../intake/sniff.ts';
import { LIMITS } from '../limits.ts';

export interface PhotoFolder {
  /** In the order of their names; ids are the names. */
  readonly photos: readonly PhotoToCurate[];
  /** Names of files that are neither photos nor their captions. */
  readonly skipped: readonly string[];
}

/**
 * Extensions of files that people consider photos, including those that we cannot read: they get a decision and a
 * reason.
 */
const PICTURE =
  /\.(jpe?g|jpe|jfif|png|webp|avif|tiff?|hei[cf]|gif|bmp|svg|jp2|jxl|psd|dng|cr[23]|nef|arw|raf|orf|rw2)$/i;
/** Captions have at most 1,000 characters; a longer file is not a caption. */
const CAPTION_BYTES = 64 * 1024;

/**
 * Reads the photos in a folder, not in its subfolders. A photo is a file with a picture's extension or first bytes;
 * hidden files are ignored. `NAME.txt` beside a photo is its caption.
 */
export async function readPhotoFolder(
  folder: string,
  overrideFor: (photo: { readonly filename: string; readonly sha256: string }) => PhotoOverride | null = () => null,
): Promise<PhotoFolder> {
  const names = (await readdir(folder)).filter((name) => !name.startsWith('.')).toSorted();
  const files: { name: string; path: string; sizeBytes: number }[] = [];
  for (const name of names) {
    const path = join(folder, name);
    const facts = await stat(path).catch(ignoreMissing);
    if (facts?.isFile()) files.push({ name, path, sizeBytes: facts.size });
  }
  const texts = new Map(files.filter(({ name }) => /\.txt$/i.test(name)).map((file) => [parse(file.name).name, file]));
  const photos: PhotoToCurate[] = [];
  const others: string[] = [];
  for (const { name, path, sizeBytes } of files) {
    if (!PICTURE.test(name) && !(await beginsLikePhoto(path))) {
      others.push(name);
      continue;
    }
    const sha256 = await hashOf(path);
    const caption = texts.get(parse(name).name);
    photos.push({
      id: name,
      sha256,
      filename: name,
      caption: caption === undefined ? null : (await beginning(caption.path, CAPTION_BYTES)).toString('utf8'),
      override: overrideFor({ filename: name, sha256 }),
      read: () => readPhoto(path, sizeBytes),
    });
  }
  const captioned = new Set(photos.map(({ filename }) => texts.get(parse(filename).name)?.name));
  return { photos, skipped: others.filter((name) => !captioned.has(name)) };
}

/**
 * The bytes of a photo. Of a file that is too large only the beginning and the length matter: the rest stays zero
 * pages, which cost no memory, shared so that no thread copies them.
 */
async function readPhoto(path: string, sizeBytes: number): Promise<Uint8Array> {
  const file = await open(path);
  try {
    if (sizeBytes <= LIMITS.maxFileBytes) return await file.readFile();
    const bytes = new Uint8Array(new SharedArrayBuffer(Math.min(sizeBytes, 2 ** 31)));
    await file.read(bytes, 0, SNIFF_BYTES, 0);
    return bytes;
  } finally {
    await file.close();
  }
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

async function beginsLikePhoto(path: string): Promise<boolean> {
  return sniff(await beginning(path, SNIFF_BYTES)).kind === 'photo';
}

async function beginning(path: string, length: number): Promise<Buffer> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** A dangling link is not a photo. */
function ignoreMissing(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT' || error.code === 'ELOOP') return null;
  throw error;
}
