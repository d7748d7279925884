import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { pathToFileURL } from 'node:url';
import type { ArtifactFile } from '../../../core/artifact.ts';
import { TemperaError } from '../../../core/failure.ts';
import type { PublishRequest } from '../publisher.ts';
import { openArtifactFile } from '../source.ts';

type Source = Pick<PublishRequest, 'store' | 'signal'>;

export interface StagedFiles {
  /** One `file:` address per file of the artifact, in its order. */
  readonly urls: readonly URL[];
  /** Removes the copies, if any were made. */
  remove(): Promise<void>;
}

/**
 * Provides every file of the artifact as a plain file: the Hub's client must read it twice (hash, upload) and would
 * hold anything else in memory. The file system store already has such files; from S3 they are copied, and removed
 * afterwards.
 */
export async function stageFiles(params: {
  files: readonly ArtifactFile[];
  source: Source;
  temporaryDirectory: string;
}): Promise<StagedFiles> {
  const { files, source, temporaryDirectory } = params;
  const { store, signal } = source;
  for (const file of files) {
    const stored = await store.head(file.key, signal);
    if (stored && stored.sha256 === file.sha256 && stored.sizeBytes === file.sizeBytes) continue;
    const what = stored ? 'has changed' : 'is no longer in the object store';
    throw new TemperaError('PUBLISH_FAILED', `The artifact ${file.key} ${what}`);
  }
  const { localPath } = store;
  if (localPath)
    return { urls: files.map(({ key }) => pathToFileURL(localPath(key))), remove: () => Promise.resolve() };

  const folder = join(temporaryDirectory, `publish-${randomUUID()}`);
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    await mkdir(folder, { recursive: true });
    const urls: URL[] = [];
    for (const [index, file] of files.entries()) {
      const path = join(folder, `${index}.safetensors`);
      await pipeline(await openArtifactFile(source, file), createWriteStream(path), { signal });
      urls.push(pathToFileURL(path));
    }
    return { urls, remove };
  } catch (error) {
    await remove();
    signal.throwIfAborted();
    throw error;
  }
}
