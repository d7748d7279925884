/** Attempts, and what they left at home. */
import type { FailureCode } from '../../core/failure.ts';
import type { Database } from '../client.ts';

/** Finds or makes the row of an attempt; returns its id. */
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

export async function closeAttempt(database: Database, end: AttemptEnd): Promise<void> {
  const { trainingId, number, ...data } = end;
  const closed = { ...data, endedAt: new Date() };
  await database.trainingAttempt.upsert({
    where: { loraModelId_number: { loraModelId: trainingId, number } },
    create: { loraModelId: trainingId, number, ...closed },
    update: closed,
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

export interface MirroredFile {
  readonly trainingId: string;
  readonly attempt: number;
  readonly step: number;
  readonly filename: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly storageKey: string;
}

export async function recordCheckpoint(database: Database, file: MirroredFile): Promise<void> {
  const attemptId = await openAttempt(database, file.trainingId, file.attempt);
  const data = { step: file.step, bytes: file.sizeBytes, sha256: file.sha256, storageKey: file.storageKey };
  await database.checkpoint.upsert({
    where: { attemptId_filename: { attemptId, filename: file.filename } },
    create: { attemptId, filename: file.filename, ...data },
    update: data,
  });
}

/** Names of the checkpoint files of an attempt that are at home. */
export async function mirroredFilenames(database: Database, trainingId: string, attempt: number): Promise<string[]> {
  const rows = await database.checkpoint.findMany({
    where: { attempt: { loraModelId: trainingId, number: attempt } },
    select: { filename: true },
  });
  return rows.map((row) => row.filename);
}

interface SampleRow {
  readonly trainingId: string;
  readonly attempt: number;
  readonly step: number;
  readonly promptIndex: number;
  readonly storageKey: string;
}

export async function recordSample(database: Database, sample: SampleRow): Promise<void> {
  const attemptId = await openAttempt(database, sample.trainingId, sample.attempt);
  const { step, promptIndex, storageKey } = sample;
  await database.sample.upsert({
    where: { attemptId_step_promptIndex: { attemptId, step, promptIndex } },
    create: { attemptId, step, promptIndex, storageKey },
    update: { storageKey },
  });
}

/** Samples of a training, newest step first. */
export async function samplesOf(database: Database, trainingId: string, limit: number) {
  return await database.sample.findMany({
    where: { attempt: { loraModelId: trainingId } },
    select: { step: true, promptIndex: true, storageKey: true },
    orderBy: [{ step: 'desc' }, { promptIndex: 'asc' }],
    take: limit,
  });
}
