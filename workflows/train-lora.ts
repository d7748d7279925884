/**
 * A training from start to end: curate, then up to three attempts, then publish. It ends with a LoRA in our store, or
 * failed with a reason and a week in which `retryTraining` continues it, or cancelled; in every case without a pod.
 */
import { ActivityFailure, CancelledFailure, isCancellation, patched, workflowInfo } from '@temporalio/workflow';
import { ApplicationFailure } from '@temporalio/common';
import type { TrainingPlan } from '../activities/begin-training.ts';
import type { CuratedDataset } from '../activities/curate-dataset.ts';
import type { Artifact } from '../core/artifact.ts';
import { failurePolicy } from '../core/failure.ts';
import { recipeFaults } from '../core/recipe.ts';
import type { RecipeOverrides } from '../core/recipe.ts';
import { runAttempt } from './attempt.ts';
import type { AttemptResult } from './attempt.ts';
import type { TrainLoraInput, TrainLoraResult } from './contract.ts';
import { FIRST_ATTEMPT, freshCount, nextAttempt } from './next-attempt.ts';
import type { AttemptTerms } from './next-attempt.ts';
import { PAUSED, failureOf, isReset } from './outcome.ts';
import type { Failed } from './outcome.ts';
import { publishAndSettle } from './publish.ts';
import { setup } from './setup.ts';
import type { Training } from './setup.ts';
import { cancelledAlready, readyAlready, takeOver } from './take-over.ts';

/** Trains one LoRA. Ends Completed when it is ready, Failed with the policy's code, or Canceled. */
export async function trainLoraWorkflow(input: TrainLoraInput): Promise<TrainLoraResult> {
  const training = setup(input);
  let artifact: Artifact | null = null;
  for (;;) {
    try {
      return await run(training, artifact);
    } catch (error) {
      if (!isReset(error) && !(await endsAfter(training, error))) throw error;
      const recorded = await takeOver(training);
      if (recorded.status === 'ready') return readyAlready(training, recorded);
      if (recorded.status === 'cancelled') throw cancelledAlready(training, recorded);
      training.takeOver(recorded);
      artifact = recorded.status === 'at_home' ? recorded.artifact : null;
    }
  }
}

/** Records how the training ends after a fatal error. True when the run has to take over the training first. */
async function endsAfter(training: Training, error: unknown): Promise<boolean> {
  const failed: Failed = isCancellation(error)
    ? { code: 'CANCELLED', message: training.requests.cancelledBy() }
    : failureOf(error);
  try {
    if (failurePolicy(failed.code).action === 'cancel') await training.end('cancelled', failed, false);
    // One of the workflow's own steps has failed for good: the row must not say `training` for ever.
    else if (training.state.hasBegun() && error instanceof ActivityFailure) await training.end('failed', failed, false);
    return false;
  } catch (late) {
    if (isReset(late)) return true;
    throw late;
  }
}

type Succeeded = AttemptResult & { readonly status: 'succeeded'; readonly overrides: RecipeOverrides };
type Unsuccessful = { readonly status: 'failed' } & Failed;

/** The whole workflow or, with an artifact that is already in our store, only its publishing. */
async function run(training: Training, artifact: Artifact | null): Promise<TrainLoraResult> {
  const plan = await training.record.beginTraining({ trainingId: training.input.trainingId });
  training.state.notePlan(plan);
  if (artifact !== null)
    return await publishAndSettle(training, plan, { artifact, overrides: training.requests.overrides() });
  for (;;) {
    const outcome = await trainInAttempts(training, plan);
    if (outcome.status === 'succeeded') return await publishAndSettle(training, plan, outcome);
    switch (failurePolicy(outcome.code).action) {
      // `trainLoraWorkflow` records these.
      case 'cancel':
      case 'take_over':
        throw failedFor(outcome);
      case 'send_again':
        break;
      // Waited for or repeated in vain, or not worth repeating: a person has to do something.
      case 'new_attempt':
      case 'new_pod':
      case 'wait_for_capacity':
      case 'retry_step':
      case 'stop':
      case 'keep_artifact':
      case 'pause':
        await training.end('failed', outcome, true);
        if (await training.requests.retriedWithin(training.intervals.retryWindowMs)) continue;
    }
    await training.end('failed', outcome, false);
    throw failedFor(outcome);
  }
}

function failedFor({ code, message }: Failed): ApplicationFailure {
  return ApplicationFailure.create({ type: code, message, nonRetryable: true });
}

/** Curates and makes up to three attempts; `retryTraining` during an attempt ends that one and gives a fresh count. */
async function trainInAttempts(training: Training, plan: TrainingPlan): Promise<Succeeded | Unsuccessful> {
  const curated = await curate(training, plan);
  if (curated.status === 'failed') return curated;
  if (curated.status === 'rejected') return { status: 'failed', code: 'DATASET_REJECTED', message: curated.message };
  let terms = FIRST_ATTEMPT;
  for (;;) {
    if (training.requests.pausedBy() !== null) await training.waitWhilePaused(null);
    const result = await startAttempt(training, plan, curated, terms);
    switch (result.status) {
      case 'succeeded':
        return result;
      case 'retried':
        terms = freshCount(terms);
        break;
      case 'taken_back':
        break;
      case 'failed': {
        const next = await nextAttempt(training, result, terms);
        if (next === null) return result;
        terms = next;
      }
    }
  }
}

async function curate(training: Training, plan: TrainingPlan): Promise<CuratedDataset | Unsuccessful> {
  training.state.enter('curating');
  try {
    return await training.cpu.curateDataset({ trainingId: plan.trainingId, attempt: training.state.attempt() });
  } catch (error) {
    if (isCancellation(error)) throw error;
    // Temporal repeats nothing once a cancel was asked for: what the step failed with then is no failure of the training.
    if (training.requests.isCancelled() && patched('cancelled-while-curating'))
      throw new CancelledFailure('A step failed while it was being cancelled', [], error as Error);
    return { status: 'failed', ...failureOf(error) };
  }
}

/** Of an attempt that ended before it had a pod, or whose pod is accounted for already. */
const NOTHING_RENTED = { costMicroUsd: 0, vramGb: null, step: null } as const;

async function startAttempt(
  training: Training,
  plan: TrainingPlan,
  curated: CuratedDataset & { status: 'accepted' },
  { positionInSet, minVramGb, overrides: ofPolicy }: AttemptTerms,
): Promise<
  | (AttemptResult & { readonly overrides: RecipeOverrides })
  /** Ended by `retryTraining`. */
  | { readonly status: 'retried' }
  /** Ended by a pause that has since been revoked. */
  | { readonly status: 'taken_back' }
> {
  const { intervals, options, money, state, requests } = training;
  const number = training.beginAttempt(positionInSet);
  const overrides = { ...ofPolicy, ...training.requests.overrides() };
  // A signal sent by hand has not been validated; nothing is rented for overrides that no trainer could accept.
  const faults = recipeFaults(overrides);
  if (faults.length > 0) {
    const failed = { status: 'failed', code: 'RECIPE_INVALID', message: faults.join('; ') } as const;
    return { ...failed, ...NOTHING_RENTED, overrides };
  }
  try {
    const result = await requests.interruptible(() =>
      runAttempt({
        plan,
        workflowId: workflowInfo().workflowId,
        manifestKey: curated.manifestKey,
        attempt: number,
        label: `attempt ${positionInSet}/${intervals.maxAttempts}`,
        overrides,
        minVramGb,
        intervals,
        options,
        money,
        enter: state.enter,
        noteWaiting: state.noteWaiting,
        noteRestore: state.noteRestore,
        untilPauseRequested: requests.untilPauseRequested,
        serveRequests: requests.serve,
      }),
    );
    state.noteCost(money.spent());
    return { ...result, overrides };
  } catch (error) {
    // Only a cancellation of the whole run ends a training; any other one is somebody's request, which may have been
    // revoked by now.
    if (!isCancellation(error) || training.requests.isCancelled()) throw error;
    if (requests.isRetryRequested()) return { status: 'retried' };
    if (requests.isPauseRequested()) return { ...PAUSED, ...NOTHING_RENTED, overrides };
    if (patched('pause-taken-back')) return { status: 'taken_back' };
    throw error;
  }
}
