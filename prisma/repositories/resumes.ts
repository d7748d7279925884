/** What an attempt resumed from, and what was lost, each with its event. */
import type { Database, Transaction } from '../client.ts';
import type { Prisma } from '../generated/client.ts';
import { writeEvent } from './outbox.ts';

export interface Resume {
  readonly trainingId: string;
  readonly number: number;
  readonly fromStep: number;
  readonly with: 'restored' | 'weights_only';
  readonly lostSteps: number;
  readonly lostMs: number;
  readonly lostMicroUsd: number;
}

/** Records what an attempt resumes from and what was lost, with its event; repeating it gives one event. */
export async function recordResume(database: Database, resume: Resume): Promise<void> {
  const { trainingId, number, fromStep, lostSteps, lostMs, lostMicroUsd } = resume;
  await database.$transaction(async (transaction) => {
    const start = { resumedFromStep: fromStep, resumedWith: resume.with, lostSteps, lostMs, lostMicroUsd };
    const userId = await writeStart(transaction, resume, start);
    const event = {
      topic: 'training.resumed',
      // A resume that turns out to be weights-only gets an event too.
      occurrence: `a${number}:resumed:${resume.with}`,
      payload: { attempt: number, fromStep, with: resume.with, lostSteps, lostMs, lostMicroUsd },
    } as const;
    await writeEvent(transaction, { trainingId, userId }, event);
  });
}

export type Restart = Pick<Resume, 'trainingId' | 'number' | 'lostSteps' | 'lostMs' | 'lostMicroUsd'> & {
  /** Why there was nothing to resume from. */
  readonly why: string;
};

/**
 * Records that an attempt starts at step 0 and what that loses, with an event if anything is lost; repeating it gives
 * one event.
 */
export async function recordRestart(database: Database, restart: Restart): Promise<void> {
  const { trainingId, number, why, lostSteps, lostMs, lostMicroUsd } = restart;
  await database.$transaction(async (transaction) => {
    // An earlier pod of the attempt may have resumed from a save.
    const start = { resumedFromStep: null, resumedWith: null, lostSteps, lostMs, lostMicroUsd };
    const userId = await writeStart(transaction, restart, start);
    if (lostSteps === 0) return;
    const event = {
      topic: 'training.restarted',
      occurrence: `a${number}:restarted`,
      payload: { attempt: number, why, lostSteps, lostMs, lostMicroUsd },
    } as const;
    await writeEvent(transaction, { trainingId, userId }, event);
  });
}

/** Writes where an attempt starts; returns whose training it is. */
async function writeStart(
  transaction: Transaction,
  { trainingId, number }: Pick<Resume, 'trainingId' | 'number'>,
  data: Prisma.TrainingAttemptUpdateInput,
): Promise<string> {
  const { loraModel } = await transaction.trainingAttempt.update({
    where: { loraModelId_number: { loraModelId: trainingId, number } },
    data,
    select: { loraModel: { select: { userId: true } } },
  });
  return loraModel.userId;
}

/** What an attempt resumed from; null when it started at step 0. */
export async function findResume(database: Database, trainingId: string, number: number): Promise<Resume | null> {
  const row = await database.trainingAttempt.findUnique({
    where: { loraModelId_number: { loraModelId: trainingId, number } },
  });
  if (row === null || row.resumedFromStep === null) return null;
  return {
    trainingId,
    number,
    fromStep: row.resumedFromStep,
    with: row.resumedWith === 'restored' ? 'restored' : 'weights_only',
    lostSteps: row.lostSteps ?? 0,
    lostMs: row.lostMs ?? 0,
    lostMicroUsd: Number(row.lostMicroUsd ?? 0),
  };
}
