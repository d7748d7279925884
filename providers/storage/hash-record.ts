/**
 * The file system store keeps each object's SHA-256 in a small file of its own. The record is only a cache of the
 * object: it counts only for the exact file it was made for (inode, size and time of change in nanoseconds). After a
 * crash between the two renames, or after somebody replaced a file by hand, it no longer matches and the file is hashed
 * again: so `head` is never wrong, whatever was interrupted.
 */
import { createHash } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { mkdir, open, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Reads the record that was made for this file; null when there is none or it was made for another. */
export async function readHashRecord(path: string, stats: BigIntStats): Promise<string | null> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  const [fingerprint, sha256 = ''] = text.trimEnd().split(' ');
  return fingerprint === fingerprintOf(stats) && /^[0-9a-f]{64}$/.test(sha256) ? sha256 : null;
}

export async function writeHashRecord(
  path: string,
  temporary: string,
  stats: BigIntStats,
  sha256: string,
): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(temporary, `${fingerprintOf(stats)} ${sha256}\n`);
  await rename(temporary, path);
}

/** Hashes a file and says which file it was, through one handle: a replacement in the meantime changes neither. */
export async function hashFile(path: string, signal?: AbortSignal): Promise<{ stats: BigIntStats; sha256: string }> {
  const file = await open(path, 'r');
  try {
    const hash = createHash('sha256');
    const stats = await file.stat({ bigint: true });
    const bytes = file.createReadStream({ highWaterMark: 1024 * 1024, autoClose: false, ...(signal && { signal }) });
    for await (const chunk of bytes) hash.update(chunk as Buffer);
    return { stats, sha256: hash.digest('hex') };
  } finally {
    await file.close();
  }
}

function fingerprintOf(stats: BigIntStats): string {
  return `${stats.ino}-${stats.size}-${stats.mtimeNs}`;
}
