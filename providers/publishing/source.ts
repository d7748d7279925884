import type { Readable } from 'node:stream';
import type { ArtifactFile } from '../../core/artifact.ts';
import { TemperaError } from '../../core/failure.ts';
import type { PublicationSubject, PublishRequest } from './publisher.ts';

/**
 * Opens a file of the artifact in our own store. Throws PUBLISH_FAILED when it is missing: trying again will not help.
 */
export async function openArtifactFile(
  { store, signal }: Pick<PublishRequest, 'store' | 'signal'>,
  file: ArtifactFile,
): Promise<Readable> {
  const object = await store.get(file.key, { signal });
  if (!object) throw new TemperaError('PUBLISH_FAILED', `The artifact ${file.key} is no longer in the object store`);
  return object.body;
}

/**
 * Turns a damaged copy in our own store into a failure of this publication; the store's own check says
 * ARTIFACT_INVALID.
 */
export function sourceFailure(error: unknown): unknown {
  if (!(error instanceof TemperaError) || error.code !== 'ARTIFACT_INVALID') return error;
  return new TemperaError('PUBLISH_FAILED', `Our own copy of the artifact is damaged: ${error.message}`, {
    cause: error,
  });
}

/** The artifact's files; a publication without any is a bug of ours. */
export function artifactFiles({ trainingId, files }: PublicationSubject): readonly [ArtifactFile, ...ArtifactFile[]] {
  const [first, ...rest] = files;
  if (!first) throw new TemperaError('PUBLISH_FAILED', `Training ${trainingId} has no artifact to publish`);
  return [first, ...rest];
}
