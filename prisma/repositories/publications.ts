/** Results of publishing, one row per destination of a training. */
import type { Destination } from '../../core/destination.ts';
import type { FailureCode } from '../../core/failure.ts';
import type { Database } from '../client.ts';

interface PublicationKey {
  readonly trainingId: string;
  /** Index in the request's list of destinations. */
  readonly position: number;
}

/** Notes that a publication is under way. One that is published stays so: a step that was cut off may come back late. */
export async function openPublication(
  database: Database,
  { trainingId, position }: PublicationKey,
  destination: Destination,
): Promise<void> {
  const location = destination.kind === 's3' ? (destination.bucket ?? '') : destination.repo;
  const row = { loraModelId: trainingId, position };
  await database.publication.createMany({
    data: [{ ...row, target: destination.kind, location }],
    skipDuplicates: true,
  });
  await database.publication.updateMany({
    where: { ...row, status: { not: 'published' } },
    data: { status: 'pending', reason: null, message: null },
  });
}

interface PublishedRow {
  readonly location: string;
  readonly path: string;
  readonly revision: string | null;
  readonly url: string;
  readonly sha256: string;
}

export async function recordPublished(
  database: Database,
  { trainingId, position }: PublicationKey,
  result: PublishedRow,
): Promise<void> {
  await database.publication.update({
    where: { loraModelId_position: { loraModelId: trainingId, position } },
    data: { ...result, status: 'published', publishedAt: new Date() },
  });
}

export async function recordPublishFailed(
  database: Database,
  { trainingId, position }: PublicationKey,
  failure: { readonly reason: FailureCode; readonly message: string },
): Promise<void> {
  await database.publication.updateMany({
    where: { loraModelId: trainingId, position, status: { not: 'published' } },
    data: { ...failure, status: 'failed' },
  });
}

/** Address of the first destination that has the LoRA; null when there is none. */
export async function firstPublishedUrl(database: Database, trainingId: string): Promise<string | null> {
  const row = await database.publication.findFirst({
    where: { loraModelId: trainingId, status: 'published' },
    orderBy: { position: 'asc' },
    select: { url: true },
  });
  return row?.url ?? null;
}
