/**
 * The story of one training: curate, then up to three attempts, then publish. It ends with a LoRA at home, or failed with a
 * reason and a week in which `retryTraining` goes on, or cancelled; in every case without a pod.
 */
import {
  CancellationScope,
  condition,
  isCancellation,
  log,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import { ApplicationFailure, HandlerUnfinishedPolicy } from '@temporalio/common';
import type { TrainingPlan } from '../activities/begin-training.ts';
import type { CuratedDataset } from '../activities/curate-dataset.ts';
import type { CpuActivities, IoActivities } from '../activities/index.ts';
import type { ProvisionedPod } from '../activities/provision-pod.ts';
import type { FailureCode } from '../core/failure.ts';
import { failurePolicy } from '../core/failure.ts';
import type { Intervals } from '../core/interval.ts';
import { DEFAULT_INTERVALS } from '../core/interval.ts';
import type { RecipeOverrides } from '../core/recipe.ts';
import type { TrainingPhase, TrainingStatus } from '../core/status.ts';
import { activityOptions } from './activity-options.ts';
import { runAttempt } from './attempt.ts';
import type { AttemptResult } from './attempt.ts';
import { TASK_QUEUES, cancelTraining, reportProgress, retryTraining, trainingStatus } from './contract.ts';
import type { ReportProgress, TrainLoraInput, TrainingState } from './contract.ts';
import { describeTraining } from './details.ts';
import { failureOf } from './outcome.ts';
import type { Failed } from './outcome.ts';
import { loraAttempt, loraCostUsd, loraGpu, loraPhase, loraStatus } from './search-attributes.ts';

export interface TrainLoraResult {
  readonly status: 'ready';
  readonly costMicroUsd: number;
  readonly sha256: string;
  readonly publications: readonly { readonly position: number; readonly status: 'published' | 'failed' }[];
}

/** Trains one LoRA. Ends Completed when it is ready, Failed with the policy's code, or Canceled. */
export async function trainLoraWorkflow(input: TrainLoraInput): Promise<TrainLoraResult> {
  const training = setup(input);
  try {
    return await run(training);
  } catch (error) {
    if (isCancellation(error))
      await training.end('cancelled', { code: 'CANCELLED', message: training.cancelledBy() }, false);
    throw error;
  }
}

type Training = ReturnType<typeof setup>;
type Succeeded = AttemptResult & { readonly status: 'succeeded' };

async function run(training: Training): Promise<TrainLoraResult> {
  const plan = await training.record.beginTraining({ trainingId: training.input.trainingId });
  training.knows(plan);
  for (;;) {
    const outcome = await trainOnce(training, plan);
    if (outcome.status === 'succeeded') return await publishAndSettle(training, plan, outcome);
    await training.end('failed', outcome, true);
    if (!(await training.retriedWithin(training.intervals.retryWindowMs))) {
      await training.end('failed', outcome, false);
      throw ApplicationFailure.create({ type: outcome.code, message: outcome.message, nonRetryable: true });
    }
  }
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
    const result = await attempt(training, plan, curated, { ofSet, minVramGb, overrides });
    if (result.status === 'succeeded') return result;
    // Also when the attempt had failed by itself just before: a person's wish for a fresh count is never lost.
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
      // A larger GPU than the one that ran out, and the trainer's sparing mode in case there is none.
      minVramGb = result.vramGb === null ? undefined : result.vramGb + 1;
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
    return await training.cpu.curateDataset({ trainingId: plan.trainingId });
  } catch (error) {
    if (isCancellation(error)) throw error;
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
  { ofSet, minVramGb, overrides }: AttemptPlace,
): Promise<AttemptResult | { readonly status: 'retried' }> {
  const { intervals, options } = training;
  const number = training.nextAttempt(ofSet);
  try {
    const result = await training.interruptible(() =>
      runAttempt({
        plan,
        workflowId: workflowInfo().workflowId,
        manifestKey: curated.manifestKey,
        attempt: number,
        label: `attempt ${ofSet}/${intervals.maxAttempts}`,
        overrides: { ...overrides, ...training.overrides() },
        minVramGb,
        intervals,
        options,
        enter: training.enter,
      }),
    );
    training.state.costMicroUsd += result.costMicroUsd;
    return result;
  } catch (error) {
    if (isCancellation(error) && training.takeRetry()) return { status: 'retried' };
    throw error;
  }
}

async function publishAndSettle(
  training: Training,
  plan: TrainingPlan,
  { artifact }: Succeeded,
): Promise<TrainLoraResult> {
  training.enter('publishing');
  const positions = Array.from({ length: plan.destinations }, (_, position) => position);
  const publications = await Promise.all(positions.map((position) => publish(training, position)));
  // The LoRA is at home and proven: from here a late cancel would only lose the record of it.
  const settled = await CancellationScope.nonCancellable(() =>
    training.record.settleTraining({ trainingId: plan.trainingId, attempt: training.state.attempt }),
  );
  training.finish('ready', null, settled.costMicroUsd);
  return { status: 'ready', costMicroUsd: settled.costMicroUsd, sha256: artifact.files[0]?.sha256 ?? '', publications };
}

/** A destination that fails for good takes nothing from the training: it is ready, and that publication is failed. */
async function publish(training: Training, position: number) {
  const { trainingId } = training.input;
  try {
    await training.publishing.publishLora({
      trainingId,
      position,
      attempt: training.state.attempt,
      overrides: training.overrides(),
    });
    return { position, status: 'published' } as const;
  } catch (error) {
    if (isCancellation(error)) throw error;
    const { code, message } = failureOf(error);
    const reason: FailureCode = code === 'AUTH' ? code : 'PUBLISH_FAILED';
    await training.record.recordPublishFailed({ trainingId, position, reason, message });
    return { position, status: 'failed' } as const;
  }
}

/** State, handlers and the steps that every part of the story shares. Everything here happens before the first await. */
function setup(input: TrainLoraInput) {
  const intervals: Intervals = { ...DEFAULT_INTERVALS, ...input.intervals };
  const options = activityOptions(intervals, input.taskQueues ?? { io: TASK_QUEUES.io, cpu: TASK_QUEUES.cpu });
  const record = proxyActivities<IoActivities>(options.record);
  const root = CancellationScope.current();
  const state: { -readonly [Key in keyof TrainingState]: TrainingState[Key] } = {
    status: 'pending',
    phase: 'queued',
    reason: null,
    attempt: 0,
    attemptOfSet: 0,
    podId: null,
    costMicroUsd: 0,
  };
  let plan: TrainingPlan | null = null;
  let pod: ProvisionedPod | null = null;
  let progress: ReportProgress | null = null;
  let cancelledBy: string | null = null;
  let retryWaits = false;
  let retryOverrides: RecipeOverrides = {};
  let running: CancellationScope | null = null;

  setHandler(
    cancelTraining,
    async (request) => {
      cancelledBy = request?.by ?? 'a signal';
      // Temporal itself is asked to cancel this run: only then it ends as Canceled, and there is one path for signal, API and button.
      await CancellationScope.nonCancellable(() => record.requestCancel({ trainingId: input.trainingId }));
    },
    {
      description: 'Ends the training: the pod is torn down, nothing is published. Same as the Cancel button.',
      unfinishedPolicy: HandlerUnfinishedPolicy.ABANDON,
    },
  );
  setHandler(
    retryTraining,
    (request) => {
      retryWaits = true;
      retryOverrides = { ...retryOverrides, ...request?.overrides };
      running?.cancel();
    },
    {
      description:
        'After a failure: starts a fresh set of attempts. During an attempt: ends it (pod first) and starts the next with a fresh count. Optional: {"by": "...", "overrides": {"steps": 1500}}.',
    },
  );
  setHandler(
    reportProgress,
    (seen) => {
      progress = seen;
      show();
    },
    { description: 'Internal: how far the trainer is, at a few milestones of each attempt.' },
  );
  setHandler(trainingStatus, () => ({ ...state }), {
    description: 'Status, phase, attempt and cost as the workflow knows them.',
  });

  const show = () =>
    setCurrentDetails(describeTraining({ state, plan, pod, progress, maxAttempts: intervals.maxAttempts }));
  const publishState = () => {
    upsertSearchAttributes([
      { key: loraStatus, value: state.status },
      { key: loraPhase, value: state.phase },
      { key: loraAttempt, value: state.attempt },
      { key: loraGpu, value: pod?.gpu ?? null },
      { key: loraCostUsd, value: state.costMicroUsd / 1_000_000 },
    ]);
    show();
  };
  const finish = (
    status: TrainingStatus,
    reason: FailureCode | null,
    costMicroUsd: number,
    phase: TrainingPhase = 'done',
  ) => {
    Object.assign(state, { status, phase, reason, costMicroUsd, podId: null });
    pod = null;
    publishState();
  };

  return {
    input,
    intervals,
    options,
    record,
    state,
    cpu: proxyActivities<CpuActivities>(options.curate),
    publishing: proxyActivities<IoActivities>(options.publish),
    cancelledBy: () => `Cancelled by ${cancelledBy ?? 'an operator'}`,
    knows: (known: TrainingPlan) => {
      plan = known;
    },
    overrides: () => retryOverrides,
    enter: (phase: TrainingPhase, rented?: ProvisionedPod) => {
      if (phase === 'provisioning') {
        pod = null;
        progress = null;
      }
      pod = rented ?? pod;
      Object.assign(state, { status: 'training', phase, reason: null, podId: pod?.podId ?? null });
      publishState();
    },
    nextAttempt: (ofSet: number) => {
      retryWaits = false;
      state.attempt += 1;
      state.attemptOfSet = ofSet;
      return state.attempt;
    },
    /** Runs in a scope that `retryTraining` cancels. */
    interruptible: async <T>(work: () => Promise<T>): Promise<T> => {
      const scope = new CancellationScope();
      running = scope;
      try {
        return await scope.run(work);
      } finally {
        running = null;
      }
    },
    /** True when the cancellation that just passed came from `retryTraining` and not from a cancel of the whole training. */
    takeRetry: (): boolean => retryWaits && !root.consideredCancelled,
    retriedWithin: (windowMs: number) => condition(() => retryWaits, windowMs),
    finish,
    end: async (status: 'failed' | 'cancelled', { code, message }: Failed, awaitsRetry: boolean) => {
      retryWaits = false;
      await CancellationScope.nonCancellable(async () => {
        const ended = await record.endTraining({
          trainingId: input.trainingId,
          attempt: state.attempt,
          status,
          awaitsRetry,
          reason: code,
          message,
        });
        finish(status, code, ended.costMicroUsd, awaitsRetry ? 'awaiting_retry' : 'done');
      });
    },
  };
}
