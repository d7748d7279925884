/** What a run does after it was reset in Temporal or started again: the database says where the training stands. */
import { ApplicationFailure, CancellationScope, log } from '@temporalio/workflow';
import type { Standing } from '../activities/take-over.ts';
import type { TrainLoraResult } from './contract.ts';
import type { Training } from './setup.ts';

/** Where the training stands by its record, once nothing of the previous run is open. */
type Recorded = Exclude<Standing, { readonly status: 'open' }>;

/** Makes the training this run's own, once no pod of the previous run is left. */
export async function takeOver(training: Training): Promise<Recorded> {
  const { trainingId } = training.input;
  return await CancellationScope.nonCancellable(async () => {
    for (;;) {
      const recorded = await training.record.takeOver({ trainingId });
      log.warn('this run takes over the training', { status: recorded.status });
      if (recorded.status !== 'open') return recorded;
      for (const attempt of recorded.attempts) await closeAttempt(training, attempt);
    }
  });
}

async function closeAttempt(training: Training, attempt: number): Promise<void> {
  const { trainingId } = training.input;
  const { createTimeoutMs, reconcileIntervalMs } = training.intervals;
  const { costMicroUsd } = await training.tearDown.tearDownPod({
    trainingId,
    attempt,
    createTimeoutMs,
    reconcileIntervalMs,
  });
  const message = 'Its run was reset in Temporal';
  await training.record.recordAttempt({
    trainingId,
    attempt,
    costMicroUsd,
    status: 'cancelled',
    reason: 'RESET',
    message,
  });
}

/** The result that the training has had all along. */
export function readyAlready(training: Training, recorded: Recorded & { readonly status: 'ready' }): TrainLoraResult {
  const { costMicroUsd, sha256, publications } = recorded;
  training.state.finish('ready', null, costMicroUsd);
  return { status: 'ready', costMicroUsd, sha256, publications };
}

/** The failure of a run that would continue a training which somebody has ended. */
export function cancelledAlready(
  training: Training,
  { message, costMicroUsd }: Recorded & { readonly status: 'cancelled' },
): ApplicationFailure {
  training.state.finish('cancelled', 'CANCELLED', costMicroUsd);
  return ApplicationFailure.create({
    type: 'CANCELLED',
    message: `${message}; start a new training`,
    nonRetryable: true,
  });
}
