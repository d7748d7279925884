/** The states of a training, as its workflow goes through them. Every change and its event are one transaction. */
import type { FailureCode } from '../../core/failure.ts';
import { microUsdToCents } from '../../core/money.ts';
import type { TrainingPhase } from '../../core/status.ts';
import type { Database, Transaction } from '../client.ts';
import type { Prisma } from '../generated/client.ts';
import { lockedCost } from './ledger-cost.ts';
import { settleMoneyIn } from './money.ts';
import { writeEvent } from './outbox.ts';
import type { NewEvent } from './outbox.ts';
import { isUniqueViolation } from './unique-violation.ts';

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
