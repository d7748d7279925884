import { readdir, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';

const mediaExtensions = new Set('png jpg jpeg webp mp4 avi mov mkv wmv m4v flv mp3 wav flac ogg'.split(' '));
const photoExtensions = new Set(['jpg', 'jpeg', 'png', 'webp']);

function isMedia(name: string): boolean {
  return mediaExtensions.has(extname(name).slice(1).toLowerCase());
}

function isPhoto(name: string): boolean {
  return photoExtensions.has(extname(name).slice(1).toLowerCase());
}

/**
 * Pictures, films and sounds of a folder and those below it, without dot entries and `_controls`, in the order of the
 * disk.
 */
export async function mediaFiles(folder: string, below = ''): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(join(folder, below), { withFileTypes: true })) {
    if (entry.name.startsWith('.')) continue;
    const path = below === '' ? entry.name : `${below}/${entry.name}`;
    if (entry.isDirectory()) found.push(...(entry.name === '_controls' ? [] : await mediaFiles(folder, path)));
    else if (isMedia(entry.name)) found.push(path);
  }
  return found;
}

/** The photos that a training would use, with captions beside them. */
export async function photosOf(folder: string): Promise<string[]> {
  await stat(folder);
  return (await mediaFiles(folder)).filter(isPhoto).toSorted();
}
