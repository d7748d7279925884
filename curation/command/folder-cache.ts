import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AnalysisCache } from '../contract.ts';

/** Keeps measurements as files in a folder, which is created on first use. Several programs may share it. */
export function createFolderCache(folder: string): AnalysisCache {
  return {
    async get(key) {
      try {
        return await readFile(join(folder, key));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
        throw error;
      }
    },
    async put(key, bytes) {
      // It reveals what the photos show.
      await mkdir(folder, { recursive: true, mode: 0o700 });
      // Written under another name and renamed: a reader never sees half a file.
      const aside = join(folder, `.${randomUUID()}`);
      await writeFile(aside, bytes);
      await rename(aside, join(folder, key));
    },
  };
}
