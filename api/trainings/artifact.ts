/** Short-lived links to a trained LoRA. */
import type { ArtifactFile } from '../../core/artifact.ts';
import type { TrainingRow } from '../../prisma/repositories/trainings.ts';
import type { ApiDeps } from '../deps.ts';
import { ApiError } from '../errors.ts';
import { requireTraining } from './read.ts';

/** Long enough to start a download, short enough that a leaked link is soon worthless. Seconds. */
const LINK_TTL_SECONDS = 300;

export interface FileLink {
  readonly name: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly url: string;
  readonly expiresAt: string;
}

/** A link for every file of the artifact. Throws ApiError 409 NOT_READY while there is none. */
export async function artifactLinks(
  deps: ApiDeps,
  userId: string,
  trainingId: string,
): Promise<{ training: TrainingRow; files: FileLink[] }> {
  const training = await requireTraining(deps, userId, trainingId);
  const { artifact } = training;
  if (artifact === null)
    throw new ApiError(
      409,
      'NOT_READY',
      `There is no LoRA yet: this training is ${training.status} (${training.phase}).`,
    );
  const files = await Promise.all(artifact.files.map((file) => linkTo(deps, file)));
  return { training, files };
}

async function linkTo({ store, clock }: ApiDeps, { name, key, sizeBytes, sha256 }: ArtifactFile): Promise<FileLink> {
  const expiresAt = new Date(clock().getTime() + LINK_TTL_SECONDS * 1_000).toISOString();
  return {
    name,
    sizeBytes,
    sha256,
    url: await store.signedUrl(key, { ttlSeconds: LINK_TTL_SECONDS, filename: name }),
    expiresAt,
  };
}
