import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AnalysisCache } from '../contract.ts';

/** Keeps measurements as files of a folder, which is made when the first one is kept. Several programs may share it. */
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
      // It holds what photos show.
      await mkdir(folder, { recursive: true, mode: 0o700 });
      // Written aside and renamed: whoever reads never sees half a file.
      const aside = join(folder, `.${randomUUID()}`);
      await writeFile(aside, bytes);
      await rename(aside, join(folder, key));
    },
  };
}
