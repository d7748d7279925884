/** Files of saves in our store. */
import { optimizerFilename } from '../../core/checkpoint.ts';
import type { CheckpointFile } from '../../core/checkpoint.ts';
import type { Database } from '../client.ts';
import { openAttempt } from './attempts.ts';

/** A file of a save as it is recorded: its name says whether it is the optimizer's. */
export type MirroredFile = Omit<CheckpointFile, 'kind'> & { readonly trainingId: string };

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

/** Removes the row of a save's file, before the file is deleted. */
export async function forgetCheckpoint(
  database: Database,
  { storageKey }: Pick<CheckpointFile, 'storageKey'>,
): Promise<void> {
  await database.checkpoint.deleteMany({ where: { storageKey } });
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
