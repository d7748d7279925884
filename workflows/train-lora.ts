/**
 * A training from start to end: curate, then up to three attempts, then publish. It ends with a LoRA in our store, or
 * failed with a reason and a week in which `retryTraining` continues it, or cancelled; in every case without a pod.
 */
import {
  ActivityFailure,
  CancellationScope,
  CancelledFailure,
  isCancellation,
  log,
  patched,
  workflowInfo,
} from '@temporalio/workflow';
import { ApplicationFailure } from '@temporalio/common';
import type { TrainingPlan } from '../activities/begin-training.ts';
import type { CuratedDataset } from '../activities/curate-dataset.ts';
import type { Artifact } from '../core/artifact.ts';
import type { FailureCode } from '../core/failure.ts';
import { failurePolicy } from '../core/failure.ts';
import { recipeFaults } from '../core/recipe.ts';
import type { RecipeOverrides } from '../core/recipe.ts';
import { runAttempt } from './attempt.ts';
import type { AttemptResult } from './attempt.ts';
import type { TrainLoraInput } from './contract.ts';
import { failureOf, isReset } from './outcome.ts';
import type { Failed } from './outcome.ts';
import { setup } from './setup.ts';
import type { Training } from './setup.ts';
import { cancelledAlready, readyAlready, takeOver } from './take-over.ts';

export interface TrainLoraResult {
  readonly status: 'ready';
  readonly costMicroUsd: number;
  readonly sha256: string;
  readonly publications: readonly { readonly position: number; readonly status: 'published' | 'failed' }[];
}

/** Trains one LoRA. Ends Completed when it is ready, Failed with the policy's code, or Canceled. */
export async function trainLoraWorkflow(input: TrainLoraInput): Promise<TrainLoraResult> {
  const training = setup(input);
  let artifact: Artifact | null = null;
  for (;;) {
    try {
      return await run(training, artifact);
    } catch (error) {
      if (!isReset(error) && !(await endsAfter(training, error))) throw error;
      const standing = await takeOver(training);
      if (standing.status === 'ready') return readyAlready(training, standing);
      if (standing.status === 'cancelled') throw cancelledAlready(training, standing);
      training.takeOver(standing);
      artifact = standing.status === 'at_home' ? standing.artifact : null;
    }
  }
}

/** Records how the training ends after a fatal error. True when the run has to take over the training first. */
async function endsAfter(training: Training, error: unknown): Promise<boolean> {
  try {
    if (isCancellation(error))
      await training.end('cancelled', { code: 'CANCELLED', message: training.cancelledBy() }, false);
    // One of the workflow's own steps has failed for good: the row must not say `training` for ever.
    else if (training.hasBegun() && error instanceof ActivityFailure)
      await training.end('failed', failureOf(error), false);
    return false;
  } catch (late) {
    if (isReset(late)) return true;
    throw late;
  }
}

type Succeeded = AttemptResult & { readonly status: 'succeeded'; readonly overrides: RecipeOverrides };

/** The whole workflow or, with an artifact that is already in our store, only its publishing. */
async function run(training: Training, artifact: Artifact | null): Promise<TrainLoraResult> {
  const plan = await training.record.beginTraining({ trainingId: training.input.trainingId });
  training.knows(plan);
  if (artifact !== null) return await publishAndSettle(training, plan, { artifact, overrides: training.overrides() });
  for (;;) {
    const outcome = await trainOnce(training, plan);
    if (outcome.status === 'succeeded') return await publishAndSettle(training, plan, outcome);
    if (outcome.code === 'RESET') throw failedFor(outcome);
    await training.end('failed', outcome, true);
    if (!(await training.retriedWithin(training.intervals.retryWindowMs))) {
      await training.end('failed', outcome, false);
      throw failedFor(outcome);
    }
  }
}

function failedFor({ code, message }: Failed): ApplicationFailure {
  return ApplicationFailure.create({ type: code, message, nonRetryable: true });
}

/** Curates and makes up to three attempts; `retryTraining` during an attempt ends that one and gives a fresh count. */
async function trainOnce(
  training: Training,
  plan: TrainingPlan,
): Promise<Succeeded | ({ readonly status: 'failed' } & Failed)> {
  const curated = await curate(training, plan);
  if (curated.status === 'failed') return curated;
  if (curated.status === 'rejected') return { status: 'failed', code: 'DATASET_REJECTED', message: curated.message };
  let minVramGb: number | undefined;
  let overrides: RecipeOverrides = {};
  for (let ofSet = 1; ; ofSet += 1) {
    if (training.pausedBy() !== null) await training.resumed(null);
    const result = await attempt(training, plan, curated, { ofSet, minVramGb, overrides });
    if (result.status === 'succeeded') return result;
    if (result.status === 'paused') {
      await training.resumed(result.step);
      // A pause is not a failure: the attempt is made again.
      ofSet = training.takeRetry() ? 0 : ofSet - 1;
      continue;
    }
    if (result.status === 'taken_back') {
      ofSet -= 1;
      continue;
    }
    // Also when the attempt had just failed by itself: a person's request for a fresh count is never lost.
    if (result.status === 'retried' || training.takeRetry()) {
      ofSet = 0;
      continue;
    }
    log.warn('attempt failed', {
      attempt: training.state.attempt,
      code: result.code,
      costMicroUsd: result.costMicroUsd,
    });
    const { action } = failurePolicy(result.code);
    if ((action !== 'new_attempt' && action !== 'new_pod') || ofSet >= training.intervals.maxAttempts) return result;
    if (result.code === 'OUT_OF_MEMORY') {
      // A larger GPU than the one that ran out of memory, and the trainer's low-memory mode in case there is none.
      if (result.vramGb !== null) minVramGb = result.vramGb + 1;
      overrides = { lowVram: true };
    }
  }
}

async function curate(
  training: Training,
  plan: TrainingPlan,
): Promise<CuratedDataset | ({ readonly status: 'failed' } & Failed)> {
  training.enter('curating');
  try {
    return await training.cpu.curateDataset({ trainingId: plan.trainingId, attempt: training.state.attempt });
  } catch (error) {
    if (isCancellation(error)) throw error;
    // Temporal repeats nothing once a cancel was asked for: what the step failed with then is no failure of the training.
    if (training.isCancelled() && patched('cancelled-while-curating'))
      throw new CancelledFailure('A step failed while it was being cancelled', [], error as Error);
    return { status: 'failed', ...failureOf(error) };
  }
}

interface AttemptPlace {
  readonly ofSet: number;
  readonly minVramGb: number | undefined;
  readonly overrides: RecipeOverrides;
}

async function attempt(
  training: Training,
  plan: TrainingPlan,
  curated: CuratedDataset & { status: 'accepted' },
  { ofSet, minVramGb, overrides: ofPolicy }: AttemptPlace,
): Promise<
  | (AttemptResult & { readonly overrides: RecipeOverrides })
  /** Ended by `retryTraining`. */
  | { readonly status: 'retried' }
  /** Ended by a pause that has since been revoked. */
  | { readonly status: 'taken_back' }
> {
  const { intervals, options } = training;
  const number = training.nextAttempt(ofSet);
  const overrides = { ...ofPolicy, ...training.overrides() };
  // A signal sent by hand has not been validated; nothing is rented for overrides that no trainer could accept.
  const faults = recipeFaults(overrides);
  if (faults.length > 0) {
    return {
      status: 'failed',
      code: 'RECIPE_INVALID',
      message: faults.join('; '),
      costMicroUsd: 0,
      vramGb: null,
      overrides,
    };
  }
  try {
    const result = await training.interruptible(() =>
      runAttempt({
        plan,
        workflowId: workflowInfo().workflowId,
        manifestKey: curated.manifestKey,
        attempt: number,
        label: `attempt ${ofSet}/${intervals.maxAttempts}`,
        overrides,
        minVramGb,
        intervals,
        options,
        enter: training.enter,
        waits: training.waits,
        money: training.money,
        pauseWanted: training.pauseWanted,
        serveWishes: training.serveWishes,
        resumes: training.resumes,
      }),
    );
    training.state.costMicroUsd = training.money.spent();
    return { ...result, overrides };
  } catch (error) {
    // Only a cancellation of the whole run ends a training; any other one is somebody's request, which may have been
    // revoked by now.
    if (!isCancellation(error) || training.isCancelled()) throw error;
    if (training.takeRetry()) return { status: 'retried' };
    if (training.takePause()) return { status: 'paused', costMicroUsd: 0, step: null, overrides };
    if (patched('pause-taken-back')) return { status: 'taken_back' };
    throw error;
  }
}

async function publishAndSettle(
  training: Training,
  plan: TrainingPlan,
  { artifact, overrides }: Pick<Succeeded, 'artifact' | 'overrides'>,
): Promise<TrainLoraResult> {
  training.enter('publishing');
  const positions = Array.from({ length: plan.destinations }, (_, position) => position);
  // All are awaited, even after a cancellation: nothing may be published once the training has ended.
  const outcomes = await Promise.allSettled(positions.map((position) => publish(training, position, overrides)));
  const publications = outcomes.map((outcome) => {
    if (outcome.status === 'rejected') throw outcome.reason;
    return outcome.value;
  });
  // The LoRA is stored and verified: a late cancellation would only lose the record of it.
  const settled = await CancellationScope.nonCancellable(() =>
    training.record.settleTraining({ trainingId: plan.trainingId, attempt: training.state.attempt }),
  );
  training.finish('ready', null, settled.costMicroUsd);
  return { status: 'ready', costMicroUsd: settled.costMicroUsd, sha256: artifact.files[0]?.sha256 ?? '', publications };
}

/** A destination that fails for good does not harm the training: it is ready, and only that publication has failed. */
async function publish(training: Training, position: number, overrides: RecipeOverrides) {
  const { trainingId } = training.input;
  try {
    await training.publishing.publishLora({
      trainingId,
      position,
      attempt: training.state.attempt,
      overrides,
    });
    return { position, status: 'published' } as const;
  } catch (error) {
    if (isCancellation(error) || isReset(error)) throw error;
    const { code, message } = failureOf(error);
    const reason: FailureCode = code === 'AUTH' ? code : 'PUBLISH_FAILED';
    await training.record.recordPublishFailed({ trainingId, position, reason, message });
    return { position, status: 'failed' } as const;
  }
}
