/** Results of publishing, one row per destination of a training. */
import type { Destination } from '../../core/destination.ts';
import type { FailureCode } from '../../core/failure.ts';
import type { Database } from '../client.ts';
import type { Publication } from '../generated/client.ts';
import { countEvents, writeEvent } from './outbox.ts';

interface PublicationKey {
  readonly trainingId: string;
  /** Index in the request's list of destinations. */
  readonly position: number;
}

/**
 * Records that a publication is in progress. A published one stays published: a step that lost Temporal may come back
 * late.
 */
export async function openPublication(
  database: Database,
  { trainingId, position }: PublicationKey,
  destination: Destination,
): Promise<void> {
  const row = { loraModelId: trainingId, position };
  await database.publication.createMany({ data: [{ ...row, ...placeOf(destination) }], skipDuplicates: true });
  await database.publication.updateMany({
    where: { ...row, status: { not: 'published' } },
    data: { status: 'pending', reason: null, message: null },
  });
}

function placeOf(destination: Destination) {
  const { kind } = destination;
  return { target: kind, location: kind === 's3' ? (destination.bucket ?? '') : destination.repo };
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

/**
 * With the event `training.publication_failed`; a failure that a retried activity has already recorded gives no second
 * one.
 */
export async function recordPublishFailed(
  database: Database,
  { trainingId, position }: PublicationKey,
  destination: Destination,
  failure: { readonly reason: FailureCode; readonly message: string },
): Promise<void> {
  await database.$transaction(async (transaction) => {
    // The step may have failed before it opened the publication.
    const opened = { loraModelId: trainingId, position, ...placeOf(destination) };
    await transaction.publication.createMany({ data: [opened], skipDuplicates: true });
    const [row] = await transaction.publication.updateManyAndReturn({
      where: { loraModelId: trainingId, position, status: 'pending' },
      data: { ...failure, status: 'failed' },
      select: { id: true, target: true, location: true, loraModel: { select: { userId: true } } },
    });
    if (row === undefined) return;
    const { target, location, loraModel } = row;
    // The count distinguishes a second failure, of a reopened publication, from the first.
    const earlier = await countEvents(transaction, trainingId, 'training.publication_failed');
    await writeEvent(
      transaction,
      { trainingId, userId: loraModel.userId },
      {
        topic: 'training.publication_failed',
        occurrence: `publication_failed:${position}:${earlier + 1}`,
        payload: { position, target, location, ...failure },
      },
    );
  });
}

/** The publications of these trainings, each training's in the order of its destinations. */
export async function publicationsOf(database: Database, trainingIds: readonly string[]): Promise<Publication[]> {
  return await database.publication.findMany({
    where: { loraModelId: { in: [...trainingIds] } },
    orderBy: [{ loraModelId: 'asc' }, { position: 'asc' }],
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
