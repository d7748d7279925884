/** What the workflow's activities write about a training. Every state change and its event are one transaction. */
import type { Artifact } from '../../core/artifact.ts';
import type { FailureCode } from '../../core/failure.ts';
import { microUsdToCents } from '../../core/money.ts';
import type { TrainingPhase, TrainingStatus } from '../../core/status.ts';
import type { TrainingRequest } from '../../core/training-request.ts';
import type { Database, Transaction } from '../client.ts';
import type { Prisma } from '../generated/client.ts';
import { lockedCost } from './ledger-cost.ts';
import { settleMoneyIn } from './money.ts';
import { writeEvent } from './outbox.ts';
import type { NewEvent } from './outbox.ts';
import { isUniqueViolation } from './unique-violation.ts';

export interface TrainingRow {
  readonly id: string;
  readonly userId: string;
  readonly characterId: string | null;
  readonly datasetId: string;
  readonly name: string;
  readonly status: TrainingStatus;
  readonly reason: string | null;
  readonly workflowId: string;
  readonly request: TrainingRequest;
  readonly artifact: Artifact | null;
  readonly createdAt: Date;
  readonly attempt: number;
  /** What it may cost in total; null: no ceiling. Micro-dollars. */
  readonly ceilingMicroUsd: number | null;
}

/** Stored by the API after a full check (core/training-request.ts), so the shape is trusted here. */
function asTrainingRequest(json: Prisma.JsonValue): TrainingRequest {
  return json as unknown as TrainingRequest;
}

function asArtifact(json: Prisma.JsonValue | null): Artifact | null {
  return json as unknown as Artifact | null;
}

/** Reads a training; null when there is none with this id. */
export async function findTraining(database: Database, trainingId: string): Promise<TrainingRow | null> {
  const row = await database.loraModel.findUnique({ where: { id: trainingId } });
  if (!row) return null;
  return {
    id: row.id,
    userId: row.userId,
    characterId: row.characterId,
    datasetId: row.datasetId,
    name: row.name,
    status: row.status,
    reason: row.reason,
    workflowId: row.workflowId,
    request: asTrainingRequest(row.config),
    artifact: asArtifact(row.artifact),
    createdAt: row.createdAt,
    attempt: row.attempt,
    ceilingMicroUsd: row.ceilingMicroUsd === null ? null : Number(row.ceilingMicroUsd),
  };
}

interface Change {
  readonly trainingId: string;
  /** Nothing is written unless the row matches. */
  readonly where?: Prisma.LoraModelWhereInput;
  readonly set: Prisma.LoraModelUpdateManyMutationInput;
  readonly event?: NewEvent;
}

/**
 * Applies a change and writes its event together. A repeated change is applied again, but its event is not. False when
 * the row does not match `where`.
 */
async function change(database: Database, wanted: Change): Promise<boolean> {
  return await database.$transaction((transaction) => changeIn(transaction, wanted));
}

async function changeIn(transaction: Transaction, { trainingId, where, set, event }: Change): Promise<boolean> {
  const [row] = await transaction.loraModel.updateManyAndReturn({
    where: { ...where, id: trainingId },
    data: set,
    select: { userId: true },
  });
  if (!row) return false;
  if (event) await writeEvent(transaction, { trainingId, userId: row.userId }, event);
  return true;
}

/** The workflow has taken over the training. False when the API has given it up in the meantime. */
export async function recordStarted(database: Database, trainingId: string): Promise<boolean> {
  const { count } = await database.loraModel.updateMany({
    where: { id: trainingId, status: { in: ['pending', 'training'] } },
    data: { status: 'training' },
  });
  if (count === 0) return false;
  await change(database, {
    trainingId,
    set: { status: 'training', reason: null, message: null, trainingStartedAt: new Date() },
    event: { topic: 'training.started', occurrence: 'started', payload: {} },
  });
  return true;
}

export interface PhaseChange {
  readonly trainingId: string;
  readonly phase: TrainingPhase;
  /** 0 before the first attempt. */
  readonly attempt: number;
  /** Distinguishes repeated phases of one attempt, such as with a second pod. */
  readonly nth?: string | number;
}

export type PhaseEntered =
  | 'entered'
  /** The training has ended or is on a later attempt; nothing is written. */
  | 'gone_on'
  /** It would become active again while its character has another active training; nothing is written. */
  | 'character_busy';

/** Records that a training has entered a phase. */
export async function recordPhase(database: Database, entering: PhaseChange): Promise<PhaseEntered> {
  try {
    return (await enter(database, entering)) ? 'entered' : 'gone_on';
  } catch (error) {
    // One active training per user and character (lora_models_one_active_per_character).
    if (isUniqueViolation(error, 'LoraModel')) return 'character_busy';
    throw error;
  }
}

async function enter(database: Database, { trainingId, phase, attempt, nth = 1 }: PhaseChange): Promise<boolean> {
  return await change(database, {
    trainingId,
    where: { attempt: { lte: attempt }, status: { notIn: ['ready', 'cancelled'] } },
    set: {
      status: 'training',
      phase,
      reason: null,
      message: null,
      trainingCompletedAt: null,
      retryUntil: null,
      attempt,
      retryCount: Math.max(0, attempt - 1),
      ...(phase === 'provisioning'
        ? { gpu: null, progressStep: 0, loss: null, secondsPerStep: null, estimatedEndAt: null }
        : {}),
    },
    event: {
      topic: 'training.phase',
      occurrence: `a${attempt}:${phase}:${nth}`,
      payload: { phase, attempt },
    },
  });
}

/** The reporting pod. Only the pod in use by the current attempt is believed. */
export interface Reporter {
  readonly trainingId: string;
  readonly attempt: number;
  readonly podName: string;
}

/**
 * The training's row, as long as this pod is the one in use: its attempt is open and the latest, nobody has requested
 * its termination.
 */
const inUse = ({ trainingId, attempt, podName }: Reporter) =>
  ({
    id: trainingId,
    attempt,
    attempts: {
      some: { number: attempt, endedAt: null, pods: { some: { name: podName, terminateAskedAt: null } } },
      none: { number: { gt: attempt } },
    },
  }) satisfies Prisma.LoraModelWhereInput;

export interface Progress extends Reporter {
  readonly step: number;
  readonly totalSteps: number;
  readonly loss: number | null;
  readonly secondsPerStep: number | null;
  readonly estimatedEndAt: Date | null;
  /** Cost of the training so far, including the running pod. */
  readonly costMicroUsd: number;
}

/**
 * The training's progress; no event, since the next one replaces it. False when the pod is no longer the one in use.
 */
export async function recordProgress(database: Database, progress: Progress): Promise<boolean> {
  const { count } = await database.loraModel.updateMany({
    where: inUse(progress),
    data: {
      progressStep: progress.step,
      progressTotal: progress.totalSteps,
      loss: progress.loss,
      secondsPerStep: progress.secondsPerStep,
      estimatedEndAt: progress.estimatedEndAt,
      costMicroUsd: progress.costMicroUsd,
    },
  });
  return count === 1;
}

/** The GPU type that the training is currently running on. */
export async function recordGpu(database: Database, trainingId: string, gpu: string | null): Promise<void> {
  await database.loraModel.update({ where: { id: trainingId }, data: { gpu } });
}

export async function recordJob(database: Database, trainingId: string, jobId: string): Promise<void> {
  await database.loraModel.update({ where: { id: trainingId }, data: { externalJobId: jobId } });
}

/** The verified LoRA is in our store. False when it comes from a pod that is no longer the one in use. */
export async function recordArtifact(database: Database, reporter: Reporter, artifact: Artifact): Promise<boolean> {
  const [first] = artifact.files;
  const { count } = await database.loraModel.updateMany({
    where: inUse(reporter),
    data: {
      artifact: artifact as unknown as Prisma.InputJsonValue,
      modelPath: first?.key ?? null,
      modelSha256: first?.sha256 ?? null,
      modelBytes: first?.sizeBytes ?? null,
      progressStep: artifact.step,
    },
  });
  return count === 1;
}

/**
 * What an ending training has cost, with its money settled: in the transaction of the ending, so that a ceiling raised
 * at the same moment reserves either before it or not at all. The user's row is locked before the training's, as
 * everywhere. Micro-dollars.
 */
async function settledCost(transaction: Transaction, trainingId: string): Promise<number> {
  await settleMoneyIn(transaction, trainingId);
  return await lockedCost(transaction, trainingId);
}

interface Ending {
  readonly trainingId: string;
  /** Distinguishes several endings of one training (failed, retried, failed again). */
  readonly dedupe: string;
}

/** Also settles its money. Returns what the training has cost. Micro-dollars. */
export async function recordReady(
  database: Database,
  ending: Ending & { readonly modelUrl: string | null },
): Promise<number> {
  const { trainingId, dedupe, modelUrl } = ending;
  return await database.$transaction(async (transaction) => {
    const costMicroUsd = await settledCost(transaction, trainingId);
    await changeIn(transaction, {
      trainingId,
      set: {
        status: 'ready',
        phase: 'done',
        reason: null,
        message: null,
        modelUrl,
        costMicroUsd,
        trainingCost: microUsdToCents(costMicroUsd),
        estimatedEndAt: null,
        trainingCompletedAt: new Date(),
        retryUntil: null,
      },
      event: { topic: 'training.ready', occurrence: `ready:${dedupe}`, payload: { costMicroUsd } },
    });
    return costMicroUsd;
  });
}

/** Also settles its money. Returns what the training has cost. A ready or cancelled training stays as it is. Micro-dollars. */
export async function recordEnded(
  database: Database,
  ending: Ending & {
    readonly status: 'failed' | 'cancelled';
    readonly phase: TrainingPhase;
    readonly reason: FailureCode;
    readonly message: string;
    /** Until when the training waits for `retryTraining`. Default null: it does not. */
    readonly retryUntil?: Date | null;
  },
): Promise<number> {
  const { trainingId, dedupe, status, phase, reason, message, retryUntil = null } = ending;
  return await database.$transaction(async (transaction) => {
    const costMicroUsd = await settledCost(transaction, trainingId);
    await changeIn(transaction, {
      trainingId,
      where: { status: { notIn: ['ready', 'cancelled'] } },
      set: {
        status,
        phase,
        reason,
        message,
        costMicroUsd,
        trainingCost: microUsdToCents(costMicroUsd),
        estimatedEndAt: null,
        trainingCompletedAt: new Date(),
        retryUntil,
      },
      event: {
        topic: `training.${status}`,
        occurrence: `${status}:${dedupe}`,
        payload: { reason, message, costMicroUsd, awaitsRetryUntil: retryUntil?.toISOString() ?? null },
      },
    });
    return costMicroUsd;
  });
}

/** The training has been saved and waits for `resumeTraining`, with no pod. */
export async function recordPaused(
  database: Database,
  { trainingId, attempt, by, step }: { trainingId: string; attempt: number; by: string; step: number | null },
): Promise<void> {
  await change(database, {
    trainingId,
    set: { phase: 'paused', gpu: null, estimatedEndAt: null, message: `Paused by ${by}` },
    event: { topic: 'training.paused', occurrence: `a${attempt}:paused`, payload: { attempt, by, step } },
  });
}

/** Nine tenths of the ceiling are spent; told once per ceiling. */
export async function recordBudgetWarning(
  database: Database,
  {
    trainingId,
    ceilingMicroUsd,
    spentMicroUsd,
  }: { trainingId: string; ceilingMicroUsd: number; spentMicroUsd: number },
): Promise<void> {
  await change(database, {
    trainingId,
    set: {},
    event: {
      topic: 'training.budget_warning',
      occurrence: `budget_warning:${ceilingMicroUsd}`,
      payload: { ceilingMicroUsd, spentMicroUsd },
    },
  });
}

/**
 * Trainings that should be running and of which nothing was heard since `quietSince`, with their workflows; a page
 * after `afterId`.
 */
export async function findQuiet(
  database: Database,
  {
    quietSince,
    afterId,
    limit,
  }: { readonly quietSince: Date; readonly afterId: string | null; readonly limit: number },
): Promise<{ id: string; workflowId: string }[]> {
  return await database.loraModel.findMany({
    where: { status: 'training', updatedAt: { lt: quietSince }, ...(afterId !== null && { id: { gt: afterId } }) },
    select: { id: true, workflowId: true },
    orderBy: { id: 'asc' },
    take: limit,
  });
}

/**
 * Trainings that wait for a workflow since before `olderThan`: the process that accepted them died before it could
 * start one.
 */
export async function findUnstarted(database: Database, olderThan: Date) {
  const rows = await database.loraModel.findMany({
    where: { status: 'pending', createdAt: { lt: olderThan } },
    include: { dataset: { select: { _count: { select: { items: true } } } } },
    orderBy: { createdAt: 'asc' },
    take: 100,
  });
  return rows.map(({ id, userId, characterId, name, baseModel, triggerWord, datasetId, dataset, progressTotal }) => ({
    id,
    userId,
    characterId,
    name,
    baseModel,
    triggerWord,
    datasetId,
    photoCount: dataset._count.items,
    steps: progressTotal,
  }));
}
