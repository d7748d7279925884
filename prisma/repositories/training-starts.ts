/** Accepting trainings and handing them over to their workflows. */
import type { CurationOptionsDraft } from '../../core/curation.ts';
import type { TrainingRequest } from '../../core/training-request.ts';
import { decideCeiling } from '../../core/spend-limit.ts';
import type { CeilingDecision, SpendLimits } from '../../core/spend-limit.ts';
import type { StoredQuote } from '../../core/stored-quote.ts';
import type { Database, Transaction } from '../client.ts';
import type { Prisma } from '../generated/client.ts';
import { createDatasetIn } from './datasets.ts';
import { ensureReservedIn, limitsFor, settleMoneyIn } from './money.ts';
import { writeEvent } from './outbox.ts';
import { toTrainingRow } from './trainings.ts';
import type { TrainingRow } from './trainings.ts';
import { isUniqueViolation } from './unique-violation.ts';

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

async function insertTraining(tx: Transaction, training: NewTraining): Promise<CreatedTraining> {
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
  return { status: 'created', training: toTrainingRow(row), photoCount };
}

/** Also locks the user's money: nobody can reserve between this check and the reservation. */
async function ceilingFor(tx: Transaction, { userId, request, money }: NewTraining): Promise<number | null> {
  const decision = decideCeiling({
    namedMicroUsd: money.namedCeilingMicroUsd,
    limits: await limitsFor(tx, userId, money.limits),
    hasCharacter: request.characterId !== null,
    quote: money.quote,
  });
  if (decision.status === 'ceiling') return decision.ceilingMicroUsd;
  throw new Refused(decision);
}

async function datasetFor(tx: Transaction, { userId, photos, request }: NewTraining) {
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

/** The request that first used this key; null when the key is new. */
export async function findIdempotencyKey(
  database: Database,
  userId: string,
  key: string,
): Promise<{ readonly requestHash: string; readonly trainingId: string } | null> {
  const row = await database.idempotencyKey.findUnique({ where: { userId_key: { userId, key } } });
  return row === null ? null : { requestHash: row.requestHash, trainingId: row.loraModelId };
}
