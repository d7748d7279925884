import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { Run } from './run.ts';

/**
 * Records a complete file in the account book, with a hash of the bytes on the disk; only in worlds that ask for it.
 */
export async function bookFile({ toolkit, entry, signal }: Run, path: string, step: number): Promise<void> {
  if (!toolkit.options.config().bookFiles) return;
  const hash = createHash('sha256');
  let sizeBytes = 0;
  try {
    for await (const chunk of createReadStream(toolkit.disk.real(path)) as AsyncIterable<Buffer>) {
      hash.update(chunk);
      sizeBytes += chunk.length;
    }
  } catch (error) {
    // The pod has ended meanwhile, and its disk with it.
    if (signal.aborted) return;
    throw error;
  }
  entry.files.push({ path, step, sizeBytes, sha256: hash.digest('hex') });
}
