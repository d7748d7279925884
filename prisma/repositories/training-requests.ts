/** Trainings as the API sees them: accepted, handed over, listed. Progress is written by the activities. */
import type { CurationOptionsDraft } from '../../core/curation.ts';
import type { TrainingRequest } from '../../core/training-request.ts';
import { decideCeiling } from '../../core/spend-limit.ts';
import type { CeilingDecision, SpendLimits } from '../../core/spend-limit.ts';
import type { StoredQuote } from '../../core/stored-quote.ts';
import type { TrainingStatus } from '../../core/status.ts';
import type { Database } from '../client.ts';
import type { Prisma } from '../generated/client.ts';
import type { LoraModel, Publication } from '../generated/client.ts';
import { createDatasetIn } from './datasets.ts';
import { ensureReservedIn, limitsFor, settleMoneyIn } from './money.ts';
import { writeEvent } from './outbox.ts';
import { isUniqueViolation } from './unique-violation.ts';

export type TrainingRow = LoraModel & { publications: Publication[] };

export interface NewTraining {
  readonly id: string;
  readonly userId: string;
  readonly workflowId: string;
  /** Everything but the dataset, which may be made in the same transaction. */
  readonly request: Omit<TrainingRequest, 'datasetId'>;
  readonly photos:
    | { readonly datasetId: string }
    | { readonly imageIds: readonly string[]; readonly curation: CurationOptionsDraft };
  readonly totalSteps: number;
  readonly money: {
    /** What it may cost; null: not specified. Micro-dollars. */
    readonly namedCeilingMicroUsd: number | null;
    /** Null when no price could be read. */
    readonly quote: StoredQuote | null;
    /** The installation's; a user's own take precedence. */
    readonly limits: SpendLimits;
  };
  readonly idempotency: { readonly key: string; readonly requestHash: string } | null;
}

export type CreatedTraining =
  | { readonly status: 'created'; readonly training: TrainingRow; readonly photoCount: number }
  | { readonly status: 'unknown_images'; readonly imageIds: readonly string[] }
  | { readonly status: 'unknown_dataset' }
  /** Another request with the same key was first. */
  | { readonly status: 'key_taken' }
  /** This character has another active training. */
  | { readonly status: 'character_busy' }
  /** It would exceed a spending limit. */
  | Exclude<CeilingDecision, { status: 'ceiling' }>;

/** Carries an outcome out of a transaction, so that the transaction is rolled back. */
class Refused extends Error {
  readonly outcome: CreatedTraining;
  constructor(outcome: CreatedTraining) {
    super(outcome.status);
    this.outcome = outcome;
  }
}

const WITH_PUBLICATIONS = { publications: { orderBy: { position: 'asc' } } } as const;

/** Stores an accepted training with its idempotency key and the event `training.queued` in one transaction. */
export async function createTraining(database: Database, training: NewTraining): Promise<CreatedTraining> {
  try {
    return await database.$transaction((tx) => insertTraining(tx, training));
  } catch (error) {
    if (error instanceof Refused) return error.outcome;
    if (isUniqueViolation(error, 'IdempotencyKey')) return { status: 'key_taken' };
    if (isUniqueViolation(error, 'LoraModel')) return { status: 'character_busy' };
    throw error;
  }
}

async function insertTraining(tx: Prisma.TransactionClient, training: NewTraining): Promise<CreatedTraining> {
  const { id, userId, workflowId, request, idempotency } = training;
  // The key first: a second request with it waits here for the first one's outcome.
  if (idempotency !== null) await tx.idempotencyKey.create({ data: { userId, loraModelId: id, ...idempotency } });
  const ceilingMicroUsd = await ceilingFor(tx, training);
  const { datasetId, photoCount } = await datasetFor(tx, training);
  const row = await tx.loraModel.create({
    data: {
      id,
      userId,
      datasetId,
      workflowId,
      characterId: request.characterId,
      name: request.name,
      baseModel: request.baseModel,
      triggerWord: request.triggerWord,
      config: { ...request, datasetId } as unknown as Prisma.InputJsonObject,
      progressTotal: training.totalSteps,
      ceilingMicroUsd,
      ...(training.money.quote === null ? {} : { quote: training.money.quote as unknown as Prisma.InputJsonObject }),
    },
    include: WITH_PUBLICATIONS,
  });
  const reserved = await ensureReservedIn(tx, id, training.money.limits);
  if (reserved.status === 'over_limit') throw new Refused(reserved);
  await writeEvent(
    tx,
    { trainingId: id, userId },
    {
      topic: 'training.queued',
      occurrence: 'queued',
      payload: { trainingId: id, status: 'pending', phase: 'queued' },
    },
  );
  return { status: 'created', training: row, photoCount };
}

/** Also locks the user's money: nobody can reserve between this check and the reservation. */
async function ceilingFor(
  tx: Prisma.TransactionClient,
  { userId, request, money }: NewTraining,
): Promise<number | null> {
  const decision = decideCeiling({
    namedMicroUsd: money.namedCeilingMicroUsd,
    limits: await limitsFor(tx, userId, money.limits),
    hasCharacter: request.characterId !== null,
    quote: money.quote,
  });
  if (decision.status === 'ceiling') return decision.ceilingMicroUsd;
  throw new Refused(decision);
}

async function datasetFor(tx: Prisma.TransactionClient, { userId, photos, request }: NewTraining) {
  if ('datasetId' in photos) {
    const found = await tx.dataset.findFirst({
      where: { id: photos.datasetId, userId },
      select: { _count: { select: { items: true } } },
    });
    if (found === null) throw new Refused({ status: 'unknown_dataset' });
    return { datasetId: photos.datasetId, photoCount: found._count.items };
  }
  const { imageIds, curation } = photos;
  const made = await createDatasetIn(tx, userId, { name: request.name, imageIds, captions: {}, curation });
  if (made.status === 'unknown_images') throw new Refused(made);
  return { datasetId: made.datasetId, photoCount: photos.imageIds.length };
}

/** A training of this user; null when there is none. */
export async function findTraining(
  database: Database,
  userId: string,
  trainingId: string,
): Promise<TrainingRow | null> {
  return database.loraModel.findFirst({ where: { id: trainingId, userId }, include: WITH_PUBLICATIONS });
}

/** Number of photos in a dataset. */
export async function countPhotos(database: Database, datasetId: string): Promise<number> {
  return database.datasetItem.count({ where: { datasetId } });
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
  return database.loraModel.findMany({
    where: {
      userId,
      ...(status === undefined ? {} : { status }),
      ...(characterId === undefined ? {} : { characterId }),
      ...(before === undefined ? {} : { id: { lt: before } }),
    },
    orderBy: { id: 'desc' },
    take: limit,
    include: WITH_PUBLICATIONS,
  });
}

/** Marks a training that could not be handed to Temporal; leaves it alone if its workflow has started after all. */
export async function markNotStarted(database: Database, trainingId: string, message: string): Promise<void> {
  await database.$transaction(async (tx) => {
    const { count } = await tx.loraModel.updateMany({
      where: { id: trainingId, status: 'pending', phase: 'queued' },
      data: { status: 'failed', reason: 'NOT_STARTED', message },
    });
    // Reserved again before a pod is rented, should the training start after all.
    if (count > 0) await settleMoneyIn(tx, trainingId);
  });
}

/** Takes a training that was not started back to `pending`, for another try at the start. */
export async function reopenNotStarted(
  database: Database,
  trainingId: string,
): Promise<{ readonly status: 'open' | 'character_busy' }> {
  try {
    await database.loraModel.updateMany({
      where: { id: trainingId, status: 'failed', reason: 'NOT_STARTED' },
      data: { status: 'pending', phase: 'queued', reason: null, message: null },
    });
    return { status: 'open' };
  } catch (error) {
    if (isUniqueViolation(error, 'LoraModel')) return { status: 'character_busy' };
    throw error;
  }
}

/**
 * A retry is on its way, so followers of the training should wait for it. `training` is the row before the retry was
 * requested, so that a later failure keeps its own window. Returns it as it is now.
 */
export async function endRetryWindow(database: Database, training: TrainingRow): Promise<TrainingRow> {
  const { id, retryUntil } = training;
  if (retryUntil === null) return training;
  await database.loraModel.updateMany({ where: { id, retryUntil }, data: { retryUntil: null } });
  return { ...training, retryUntil: null };
}

/** Whether another training of this character is active. */
export async function hasOtherActiveTraining(database: Database, training: LoraModel): Promise<boolean> {
  if (training.characterId === null) return false;
  const { userId, characterId } = training;
  const found = await database.loraModel.findFirst({
    where: { userId, characterId, status: { in: ['pending', 'training'] }, id: { not: training.id } },
    select: { id: true },
  });
  return found !== null;
}
