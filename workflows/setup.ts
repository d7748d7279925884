/** What a training's story stands on: its state, the handlers of its signals, and how operators are told. */
import {
  CancellationScope,
  condition,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
} from '@temporalio/workflow';
import { HandlerUnfinishedPolicy } from '@temporalio/common';
import type { TrainingPlan } from '../activities/begin-training.ts';
import type { CpuActivities } from '../activities/cpu.ts';
import type { IoActivities } from '../activities/io.ts';
import type { ProvisionedPod } from '../activities/provision-pod.ts';
import type { RestoredCheckpoint } from '../activities/restore-checkpoint.ts';
import type { FailureCode } from '../core/failure.ts';
import type { Intervals } from '../core/interval.ts';
import { DEFAULT_INTERVALS } from '../core/interval.ts';
import type { RecipeOverrides } from '../core/recipe.ts';
import type { TrainingPhase, TrainingStatus } from '../core/status.ts';
import { activityOptions } from './activity-options.ts';
import { TASK_QUEUES, cancelTraining, reportProgress, retryTraining, trainingStatus } from './contract.ts';
import type { ReportProgress, TrainLoraInput, TrainingState } from './contract.ts';
import { describeTraining } from './details.ts';
import type { Failed } from './outcome.ts';
import { loraAttempt, loraCostUsd, loraGpu, loraPhase, loraStatus } from './search-attributes.ts';

export type Training = ReturnType<typeof setup>;

/** State, handlers and the steps that every part of the story shares. Everything here happens before the first await. */
export function setup(input: TrainLoraInput) {
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
  let resume: RestoredCheckpoint | null = null;
  let cancelledBy: string | null = null;
  /** Counts the times that the training has failed: each one is an event of its own. */
  let endings = 0;
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
    setCurrentDetails(describeTraining({ state, plan, pod, progress, resume, maxAttempts: intervals.maxAttempts }));
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
    hasBegun: () => plan !== null,
    overrides: () => retryOverrides,
    enter: (phase: TrainingPhase, rented?: ProvisionedPod) => {
      if (phase === 'provisioning') {
        pod = null;
        progress = null;
        resume = null;
      }
      pod = rented ?? pod;
      Object.assign(state, { status: 'training', phase, reason: null, podId: pod?.podId ?? null });
      publishState();
    },
    resumes: (restored: RestoredCheckpoint) => {
      resume = restored;
      show();
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
    /** Waits for `retryTraining`; one that came a little early counts too. */
    retriedWithin: async (windowMs: number): Promise<boolean> => {
      const retried = await condition(() => retryWaits, windowMs);
      retryWaits = false;
      return retried;
    },
    finish,
    end: async (status: 'failed' | 'cancelled', { code, message }: Failed, awaitsRetry: boolean) => {
      if (awaitsRetry) endings += 1;
      await CancellationScope.nonCancellable(async () => {
        const ended = await record.endTraining({
          trainingId: input.trainingId,
          attempt: state.attempt,
          ending: endings,
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
