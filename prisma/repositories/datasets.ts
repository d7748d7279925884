/** Datasets: an ordered choice of a user's photos with captions. */
import type { Database } from '../client.ts';
import type { Dataset, DatasetItem, Prisma, TrainingImage } from '../generated/client.ts';

export interface DatasetDraft {
  readonly name: string;
  /** Without repetition, in order. */
  readonly imageIds: readonly string[];
  readonly captions: Readonly<Record<string, string>>;
}

export type DatasetWithItems = Dataset & { items: (DatasetItem & { image: TrainingImage })[] };

export type CreatedDataset =
  | { readonly status: 'created'; readonly datasetId: string }
  /** Photos that do not exist or belong to somebody else; nothing was stored. */
  | { readonly status: 'unknown_images'; readonly imageIds: readonly string[] };

/** Creates a dataset inside a transaction of the caller, after checking that every photo is the user's. */
export async function createDatasetIn(
  tx: Prisma.TransactionClient,
  userId: string,
  draft: DatasetDraft,
): Promise<CreatedDataset> {
  const owned = await tx.trainingImage.findMany({
    where: { id: { in: [...draft.imageIds] }, userId, deletedAt: null },
    select: { id: true },
  });
  const known = new Set(owned.map((row) => row.id));
  const unknown = draft.imageIds.filter((id) => !known.has(id));
  if (unknown.length > 0) return { status: 'unknown_images', imageIds: unknown };
  const items = draft.imageIds.map((imageId, position) => ({
    imageId,
    position,
    caption: draft.captions[imageId] ?? null,
  }));
  const dataset = await tx.dataset.create({
    data: { userId, name: draft.name, items: { createMany: { data: items } } },
    select: { id: true },
  });
  return { status: 'created', datasetId: dataset.id };
}

/** Creates a dataset of the user's photos. */
export async function createDataset(database: Database, userId: string, draft: DatasetDraft): Promise<CreatedDataset> {
  return database.$transaction((tx) => createDatasetIn(tx, userId, draft));
}

/** A dataset of this user with its photos in order; null when there is none. */
export async function findDataset(
  database: Database,
  userId: string,
  datasetId: string,
): Promise<DatasetWithItems | null> {
  return database.dataset.findFirst({
    where: { id: datasetId, userId },
    include: { items: { orderBy: { position: 'asc' }, include: { image: true } } },
  });
}
