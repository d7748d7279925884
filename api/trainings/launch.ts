/** Hands an accepted training to Temporal. */
import type { Intervals } from '../../core/interval.ts';
import type { TrainingRow } from '../../prisma/repositories/trainings.ts';
import { TASK_QUEUES } from '../../workflows/contract.ts';
import { startOptions } from '../../workflows/start-options.ts';
import type { ApiDeps } from '../deps.ts';

interface Launch {
  readonly training: TrainingRow;
  readonly photoCount: number;
  readonly intervals?: Partial<Intervals> | undefined;
}

/**
 * Starts the workflow of a training; harmless when it is already running. Throws ApiError 503 when Temporal does not
 * answer.
 */
export async function launchTraining(
  { temporal, settings }: ApiDeps,
  { training, photoCount, intervals }: Launch,
): Promise<void> {
  const { taskQueues = TASK_QUEUES } = settings;
  await temporal.start(
    startOptions({ ...training, photoCount, steps: training.progressTotal }, { taskQueues, intervals }),
  );
}
