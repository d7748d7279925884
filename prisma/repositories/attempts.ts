/** Attempts, and what they left in our store. */
import { optimizerFilename } from '../../core/checkpoint.ts';
import type { CheckpointFile } from '../../core/checkpoint.ts';
import type { FailureCode } from '../../core/failure.ts';
import type { CheckpointShape, StoredShape } from '../../core/recipe.ts';
import type { Database } from '../client.ts';
import { writeEvent } from './outbox.ts';

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

export interface MirroredFile {
  readonly trainingId: string;
  readonly attempt: number;
  readonly step: number;
  readonly filename: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly storageKey: string;
}

export type RecordedFile =
  /** `replaced`: the key of the copy that it replaces, which nobody needs any more. */
  | { readonly status: 'recorded'; readonly replaced: string | null }
  /** The attempt has ended, and its saves have been tidied up: a late copy would never be found again. */
  | { readonly status: 'attempt_ended' };

/** Records a file of a save of an attempt that is open. */
export async function recordCheckpoint(database: Database, file: MirroredFile): Promise<RecordedFile> {
  const attemptId = await openAttempt(database, file.trainingId, file.attempt);
  const data = { step: file.step, bytes: file.sizeBytes, sha256: file.sha256, storageKey: file.storageKey };
  const where = { attemptId_filename: { attemptId, filename: file.filename } };
  return await database.$transaction(async (transaction) => {
    // Two that record the same file take turns, or both would replace the same copy; so do a copy and the attempt's end.
    await transaction.$queryRaw`SELECT id FROM training_attempts WHERE id = ${attemptId}::uuid FOR NO KEY UPDATE`;
    const { endedAt } = await transaction.trainingAttempt.findUniqueOrThrow({ where: { id: attemptId } });
    if (endedAt !== null) return { status: 'attempt_ended' };
    const before = await transaction.checkpoint.findUnique({ where, select: { storageKey: true } });
    await transaction.checkpoint.upsert({
      where,
      create: { attemptId, filename: file.filename, ...data },
      update: data,
    });
    const isOther = before !== null && before.storageKey !== file.storageKey;
    return { status: 'recorded', replaced: isOther ? before.storageKey : null };
  });
}

/** Forgets one file of an open attempt; returns the key that it had, or null when it was not recorded. */
export async function forgetFile(
  database: Database,
  { trainingId, attempt, filename }: Pick<MirroredFile, 'trainingId' | 'attempt' | 'filename'>,
): Promise<string | null> {
  const ofAttempt = { attempt: { loraModelId: trainingId, number: attempt, endedAt: null } };
  const row = await database.checkpoint.findFirst({ where: { filename, ...ofAttempt } });
  if (row === null) return null;
  const { id, storageKey } = row;
  const { count } = await database.checkpoint.deleteMany({ where: { id, storageKey, ...ofAttempt } });
  return count === 0 ? null : row.storageKey;
}

/** Names of an attempt's checkpoint files that are in our store. */
export async function mirroredFilenames(database: Database, trainingId: string, attempt: number): Promise<string[]> {
  const rows = await database.checkpoint.findMany({
    where: { attempt: { loraModelId: trainingId, number: attempt } },
    select: { filename: true },
  });
  return rows.map((row) => row.filename);
}

/** All files of a training's saves in our store, from all its attempts. */
export async function checkpointFiles(database: Database, trainingId: string): Promise<CheckpointFile[]> {
  const rows = await database.checkpoint.findMany({
    where: { attempt: { loraModelId: trainingId } },
    select: {
      step: true,
      filename: true,
      bytes: true,
      sha256: true,
      storageKey: true,
      attempt: { select: { number: true } },
    },
    orderBy: [{ step: 'asc' }, { filename: 'asc' }],
  });
  return rows.map(({ step, filename, bytes, sha256, storageKey, attempt }) => ({
    kind: filename === optimizerFilename(step) ? 'optimizer' : 'weights',
    attempt: attempt.number,
    step,
    filename,
    sizeBytes: Number(bytes),
    sha256,
    storageKey,
  }));
}

/** Number of the latest attempt; 0 when there is none. */
export async function latestAttempt(database: Database, trainingId: string): Promise<number> {
  const row = await database.trainingAttempt.aggregate({
    where: { loraModelId: trainingId },
    _max: { number: true },
  });
  return row._max.number ?? 0;
}

/** Removes the row of a save's file, before the file is deleted. */
export async function forgetCheckpoint(
  database: Database,
  { storageKey }: Pick<CheckpointFile, 'storageKey'>,
): Promise<void> {
  await database.checkpoint.deleteMany({ where: { storageKey } });
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
    const attempt = await transaction.trainingAttempt.update({
      where: { loraModelId_number: { loraModelId: trainingId, number } },
      data: { resumedFromStep: fromStep, resumedWith: resume.with, lostSteps, lostMs, lostMicroUsd },
      select: { loraModel: { select: { userId: true } } },
    });
    const { userId } = attempt.loraModel;
    await writeEvent(
      transaction,
      { trainingId, userId },
      {
        topic: 'training.resumed',
        // A resume that turns out to be weights-only gets an event too.
        occurrence: `a${number}:resumed:${resume.with}`,
        payload: { attempt: number, fromStep, with: resume.with, lostSteps, lostMs, lostMicroUsd },
      },
    );
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
    const attempt = await transaction.trainingAttempt.update({
      where: { loraModelId_number: { loraModelId: trainingId, number } },
      // An earlier pod of the attempt may have resumed from a save.
      data: { resumedFromStep: null, resumedWith: null, lostSteps, lostMs, lostMicroUsd },
      select: { loraModel: { select: { userId: true } } },
    });
    if (lostSteps === 0) return;
    const { userId } = attempt.loraModel;
    await writeEvent(
      transaction,
      { trainingId, userId },
      {
        topic: 'training.restarted',
        occurrence: `a${number}:restarted`,
        payload: { attempt: number, why, lostSteps, lostMs, lostMicroUsd },
      },
    );
  });
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

/** Number of an attempt's samples in our store. */
export async function countSamples(database: Database, trainingId: string, number: number): Promise<number> {
  return await database.sample.count({ where: { attempt: { loraModelId: trainingId, number } } });
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
