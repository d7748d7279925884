/** Datasets: an ordered selection of a user's photos with captions. */
import type { CurationOptionsDraft } from '../../core/curation.ts';
import type { Database, Transaction } from '../client.ts';
import type { Dataset, DatasetItem, Prisma, TrainingImage } from '../generated/client.ts';

export interface DatasetDraft {
  readonly name: string;
  /** Without repetition, in order. */
  readonly imageIds: readonly string[];
  /** The dataset's own captions by image id; null: none, even if the photo has one. */
  readonly captions: Readonly<Record<string, string | null>>;
  /** Differences from the default options. */
  readonly curation: CurationOptionsDraft;
}

export type DatasetWithItems = Omit<Dataset, 'curation'> & {
  readonly curation: CurationOptionsDraft;
  readonly items: (DatasetItem & { image: TrainingImage })[];
};

export type CreatedDataset =
  | { readonly status: 'created'; readonly datasetId: string }
  /** Photos that do not exist or belong to somebody else; nothing was stored. */
  | { readonly status: 'unknown_images'; readonly imageIds: readonly string[] };

/** Creates a dataset inside a transaction of the caller, after checking that every photo is the user's. */
export async function createDatasetIn(tx: Transaction, userId: string, draft: DatasetDraft): Promise<CreatedDataset> {
  const owned = await tx.trainingImage.findMany({
    where: { id: { in: [...draft.imageIds] }, userId, deletedAt: null },
    select: { id: true, caption: true },
  });
  const known = new Map(owned.map((row) => [row.id, row.caption]));
  const unknown = draft.imageIds.filter((id) => !known.has(id));
  if (unknown.length > 0) return { status: 'unknown_images', imageIds: unknown };
  const items = draft.imageIds.map((imageId, position) => ({
    imageId,
    position,
    caption: Object.hasOwn(draft.captions, imageId) ? draft.captions[imageId]! : (known.get(imageId) ?? null),
  }));
  const dataset = await tx.dataset.create({
    data: { userId, name: draft.name, curation: asJson(draft.curation), items: { createMany: { data: items } } },
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
  const row = await database.dataset.findFirst({
    where: { id: datasetId, userId },
    include: { items: { orderBy: { position: 'asc' }, include: { image: true } } },
  });
  return row && { ...row, curation: asCurationOptions(row.curation) };
}

/**
 * Changes the curation options of a dataset. `change` gets the stored ones and returns the new ones; if it throws, they
 * stay as they were. False when the user has no such dataset.
 */
export async function changeCurationOptions(
  database: Database,
  userId: string,
  datasetId: string,
  change: (stored: CurationOptionsDraft) => CurationOptionsDraft,
): Promise<boolean> {
  return database.$transaction(async (tx) => {
    // Locked, so that of two concurrent changes none is lost.
    const locked = await tx.$queryRaw<{ curation: Prisma.JsonValue }[]>`
      SELECT "curation" FROM "datasets" WHERE "id" = ${datasetId}::uuid AND "user_id" = ${userId}::uuid FOR UPDATE`;
    const row = locked[0];
    if (row === undefined) return false;
    const curation = asJson(change(asCurationOptions(row.curation)));
    await tx.dataset.update({ where: { id: datasetId }, data: { curation } });
    return true;
  });
}

/** Whether this photo is in a dataset of this user; null when the user has no such dataset. */
export async function hasPhoto(
  database: Database,
  userId: string,
  datasetId: string,
  sha256: string,
): Promise<boolean | null> {
  const dataset = await database.dataset.findFirst({
    where: { id: datasetId, userId },
    select: { items: { where: { image: { sha256 } }, select: { imageId: true }, take: 1 } },
  });
  return dataset === null ? null : dataset.items.length > 0;
}

/** Whether the user has a dataset of this id. */
export async function ownsDataset(database: Database, userId: string, datasetId: string): Promise<boolean> {
  return (await database.dataset.findFirst({ where: { id: datasetId, userId }, select: { id: true } })) !== null;
}

/** Number of photos in a dataset. */
export async function countPhotos(database: Database, datasetId: string): Promise<number> {
  return database.datasetItem.count({ where: { datasetId } });
}

/** Stored by the API after a full check (core/curation.ts), so the shape is trusted here. */
export function asCurationOptions(json: Prisma.JsonValue): CurationOptionsDraft {
  return json as unknown as CurationOptionsDraft;
}

function asJson(options: CurationOptionsDraft): Prisma.InputJsonObject {
  return options;
}
