/** Attempts of a training: opened, described, closed. */
import type { FailureCode } from '../../core/failure.ts';
import type { CheckpointShape, StoredShape } from '../../core/recipe.ts';
import type { Database } from '../client.ts';

/** Finds or creates the row of an attempt; returns its id. */
export async function openAttempt(database: Database, trainingId: string, number: number): Promise<string> {
  const row = await database.trainingAttempt.upsert({
    where: { loraModelId_number: { loraModelId: trainingId, number } },
    create: { loraModelId: trainingId, number },
    update: {},
    select: { id: true },
  });
  return row.id;
}

interface AttemptEnd {
  readonly trainingId: string;
  readonly number: number;
  readonly status: 'succeeded' | 'failed' | 'cancelled';
  readonly reason: FailureCode | null;
  readonly message: string | null;
  readonly costMicroUsd: number;
}

/** Closes an attempt, once: a run that was reset to an earlier event must not overwrite its end. */
export async function closeAttempt(database: Database, end: AttemptEnd): Promise<void> {
  const { trainingId, number, ...data } = end;
  await openAttempt(database, trainingId, number);
  await database.trainingAttempt.updateMany({
    where: { loraModelId: trainingId, number, endedAt: null },
    data: { ...data, endedAt: new Date() },
  });
}

/** Keeps the last lines of the trainer's log for operators. */
export async function recordLogTail(
  database: Database,
  trainingId: string,
  number: number,
  logTail: string,
): Promise<void> {
  await database.trainingAttempt.updateMany({ where: { loraModelId: trainingId, number }, data: { logTail } });
}

/** Number of the latest attempt; 0 when there is none. */
export async function latestAttempt(database: Database, trainingId: string): Promise<number> {
  const row = await database.trainingAttempt.aggregate({
    where: { loraModelId: trainingId },
    _max: { number: true },
  });
  return row._max.number ?? 0;
}

/** How far an attempt got, at what pace and price: what is lost by resuming from an earlier step. */
export interface AttemptTrace extends StoredShape {
  readonly number: number;
  readonly status: string;
  readonly reason: string | null;
  readonly resumedFromStep: number | null;
  readonly lastStep: number;
  readonly secondsPerStep: number | null;
  readonly hourlyMicroUsd: number | null;
}

/** The attempts of a training before `number` that trained at all, latest first. */
export async function earlierAttempts(database: Database, trainingId: string, number: number): Promise<AttemptTrace[]> {
  const rows = await database.trainingAttempt.findMany({
    where: { loraModelId: trainingId, number: { lt: number } },
    select: {
      number: true,
      status: true,
      reason: true,
      rank: true,
      resumedFromStep: true,
      lastStep: true,
      secondsPerStep: true,
      pods: { select: { hourlyMicroUsd: true }, orderBy: { requestedAt: 'desc' }, take: 1 },
    },
    orderBy: { number: 'desc' },
  });
  return rows.map(({ pods, ...row }) => ({ ...row, hourlyMicroUsd: pods[0]?.hourlyMicroUsd ?? null }));
}

/** Records how far an attempt got and at what pace. */
export async function recordReached(
  database: Database,
  trainingId: string,
  number: number,
  reached: { readonly lastStep: number; readonly secondsPerStep: number | null },
): Promise<void> {
  await database.trainingAttempt.updateMany({ where: { loraModelId: trainingId, number }, data: reached });
}

/** Records what the checkpoints of an attempt will fit. */
export async function recordShape(
  database: Database,
  trainingId: string,
  number: number,
  shape: CheckpointShape,
): Promise<void> {
  await database.trainingAttempt.updateMany({ where: { loraModelId: trainingId, number }, data: { ...shape } });
}
