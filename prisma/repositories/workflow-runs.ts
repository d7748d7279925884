/** Which run of a training's workflow writes its row: a reset in Temporal makes a new run out of an old one's history. */
import type { Artifact } from '../../core/artifact.ts';
import type { TrainingStatus } from '../../core/status.ts';
import type { Database } from '../client.ts';

export interface RunOnRecord {
  readonly workflowId: string;
  readonly status: TrainingStatus;
  /** Null: no run has written yet, or one from before runs were recorded. */
  readonly runId: string | null;
  /** The attempt that the row is on; 0 before the first. */
  readonly attempt: number;
}

/** Reads whose run a training is; null when there is no such training. */
export async function findRun(database: Database, trainingId: string): Promise<RunOnRecord | null> {
  return await database.loraModel.findUnique({
    where: { id: trainingId },
    select: { workflowId: true, status: true, runId: true, attempt: true },
  });
}

/** Whether an attempt still runs: nobody has closed it, nor asked for the end of the pod that is named, if any. */
export async function isAttemptOpen(
  database: Database,
  { trainingId, attempt, podName }: { trainingId: string; attempt: number; podName: string | undefined },
): Promise<boolean> {
  const ended = await database.trainingAttempt.count({
    where: { loraModelId: trainingId, number: attempt, endedAt: { not: null } },
  });
  if (ended > 0) return false;
  if (podName === undefined) return true;
  const ending = await database.pod.count({
    where: { name: podName, OR: [{ terminateAskedAt: { not: null } }, { terminatedAt: { not: null } }] },
  });
  return ending === 0;
}

/** Gives a training to a run. False, and nothing is written, when it is not `from` whom it is taken any more. */
export async function claimRun(
  database: Database,
  { trainingId, runId, from }: { readonly trainingId: string; readonly runId: string; readonly from: string | null },
): Promise<boolean> {
  const { count } = await database.loraModel.updateMany({ where: { id: trainingId, runId: from }, data: { runId } });
  return count === 1;
}

export interface TrainingRecord {
  readonly status: TrainingStatus;
  readonly message: string | null;
  readonly costMicroUsd: number;
  /** The last attempt that has a row; 0: none. */
  readonly lastAttempt: number;
  /** Attempts that nobody has closed. */
  readonly openAttempts: readonly number[];
  /** The LoRA of the last attempt, when that has brought it home. */
  readonly artifact: Artifact | null;
  readonly publications: readonly { readonly position: number; readonly status: 'published' | 'failed' }[];
}

/** Everything that a new run of a training must know to go on. */
export async function readRecord(database: Database, trainingId: string): Promise<TrainingRecord> {
  const row = await database.loraModel.findUniqueOrThrow({
    where: { id: trainingId },
    select: {
      status: true,
      message: true,
      costMicroUsd: true,
      artifact: true,
      attempts: { select: { number: true, status: true, endedAt: true }, orderBy: { number: 'asc' } },
      publications: { select: { position: true, status: true }, orderBy: { position: 'asc' } },
    },
  });
  const last = row.attempts.at(-1);
  return {
    status: row.status,
    message: row.message,
    costMicroUsd: Number(row.costMicroUsd),
    lastAttempt: last?.number ?? 0,
    openAttempts: row.attempts.filter(({ endedAt }) => endedAt === null).map(({ number }) => number),
    artifact: last?.status === 'succeeded' ? (row.artifact as unknown as Artifact | null) : null,
    publications: row.publications.map(({ position, status }) => ({
      position,
      status: status === 'published' ? ('published' as const) : ('failed' as const),
    })),
  };
}

/** Says what a training waits for, until it goes on; null: it waits no more. Nothing is written for a training that has ended or is on another run. */
export async function recordWaiting(
  database: Database,
  {
    trainingId,
    runId,
    message,
  }: { readonly trainingId: string; readonly runId: string; readonly message: string | null },
): Promise<void> {
  await database.loraModel.updateMany({
    where: { id: trainingId, runId, status: { in: ['pending', 'training'] }, phase: { not: 'paused' } },
    data: { message },
  });
}
