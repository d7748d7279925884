/** Trainings as everybody reads them. */
import type { Artifact } from '../../core/artifact.ts';
import type { StoredQuote } from '../../core/stored-quote.ts';
import type { TrainingStatus } from '../../core/status.ts';
import type { TrainingRequest } from '../../core/training-request.ts';
import type { Database } from '../client.ts';
import type { LoraModel } from '../generated/client.ts';

/** A training's row, its JSON and its money as ours: micro-dollars. */
export type TrainingRow = Readonly<
  Omit<LoraModel, 'config' | 'artifact' | 'quote' | 'costMicroUsd' | 'ceilingMicroUsd'> & {
    request: TrainingRequest;
    /** Null while there is none. */
    artifact: Artifact | null;
    /** Null when no price could be read. */
    quote: StoredQuote | null;
    costMicroUsd: number;
    /** What it may cost in total; null: no ceiling. */
    ceilingMicroUsd: number | null;
  }
>;

/** Only we write these columns, after a full check, so their shapes are trusted. */
export function toTrainingRow({ config, artifact, quote, ...row }: LoraModel): TrainingRow {
  const stored = artifact as unknown as Artifact | null;
  return {
    ...row,
    request: config as unknown as TrainingRequest,
    artifact: stored === null || stored.files.length === 0 ? null : stored,
    quote: quote as unknown as StoredQuote | null,
    costMicroUsd: Number(row.costMicroUsd),
    ceilingMicroUsd: row.ceilingMicroUsd === null ? null : Number(row.ceilingMicroUsd),
  };
}

/** Null when there is none with this id; whose it is, is for the caller to check. */
export async function findTraining(database: Database, trainingId: string): Promise<TrainingRow | null> {
  const row = await database.loraModel.findUnique({ where: { id: trainingId } });
  return row && toTrainingRow(row);
}

interface TrainingFilter {
  readonly userId: string;
  readonly status: TrainingStatus | undefined;
  readonly characterId: string | undefined;
  /** Id of the last training on the previous page. */
  readonly before: string | undefined;
  readonly limit: number;
}

/** Trainings of a user, newest first. Ids are UUID v7, so their order is the order of creation. */
export async function listTrainings(
  database: Database,
  { userId, status, characterId, before, limit }: TrainingFilter,
): Promise<TrainingRow[]> {
  const rows = await database.loraModel.findMany({
    where: {
      userId,
      ...(status === undefined ? {} : { status }),
      ...(characterId === undefined ? {} : { characterId }),
      ...(before === undefined ? {} : { id: { lt: before } }),
    },
    orderBy: { id: 'desc' },
    take: limit,
  });
  return rows.map(toTrainingRow);
}

/** Whether another training of this character is active. */
export async function hasOtherActiveTraining(database: Database, training: TrainingRow): Promise<boolean> {
  if (training.characterId === null) return false;
  const { userId, characterId } = training;
  const found = await database.loraModel.findFirst({
    where: { userId, characterId, status: { in: ['pending', 'training'] }, id: { not: training.id } },
    select: { id: true },
  });
  return found !== null;
}

/**
 * A retry is on its way, so followers of the training should wait for it. `training` is the row before the retry was
 * requested, so that a later failure keeps its own window.
 */
export async function endRetryWindow(database: Database, { id, retryUntil }: TrainingRow): Promise<void> {
  if (retryUntil === null) return;
  await database.loraModel.updateMany({ where: { id, retryUntil }, data: { retryUntil: null } });
}
