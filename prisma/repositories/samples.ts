/** Samples in our store. */
import type { Database } from '../client.ts';
import { openAttempt } from './attempts.ts';

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
