/** The foundation of a training's workflow: its state, its signal handlers, and what operators are shown. */
import {
  CancellationScope,
  condition,
  isCancellation,
  log,
  patched,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
} from '@temporalio/workflow';
import { HandlerUnfinishedPolicy } from '@temporalio/common';
import type { TrainingPlan } from '../activities/begin-training.ts';
import type { BringHomeInput, BroughtHome } from '../activities/bring-home.ts';
import type { CpuActivities } from '../activities/cpu.ts';
import type { IoActivities } from '../activities/io.ts';
import type { ProvisionedPod } from '../activities/provision-pod.ts';
import type { RestoredCheckpoint } from '../activities/restore-checkpoint.ts';
import type { FailureCode } from '../core/failure.ts';
import type { Intervals } from '../core/interval.ts';
import { DEFAULT_INTERVALS } from '../core/interval.ts';
import { rentMicroUsd } from '../core/money.ts';
import type { RecipeOverrides } from '../core/recipe.ts';
import type { TrainingPhase, TrainingStatus } from '../core/status.ts';
import { activityOptions } from './activity-options.ts';
import {
  TASK_QUEUES,
  cancelTraining,
  pauseTraining,
  raiseBudget,
  reportProgress,
  resumeTraining,
  retryTraining,
  sampleNow,
  saveNow,
  trainingStatus,
} from './contract.ts';
import type { ReportProgress, TrainLoraInput, TrainingState } from './contract.ts';
import { describeTraining } from './details.ts';
import { createMoney } from './money.ts';
import { failureOf } from './outcome.ts';
import type { Failed } from './outcome.ts';
import { loraAttempt, loraCostUsd, loraGpu, loraPhase, loraStatus } from './search-attributes.ts';

export type Training = ReturnType<typeof setup>;

/**
 * State, handlers and the steps that all parts of the workflow share. Everything here happens before the first await.
 */
export function setup(input: TrainLoraInput) {
  const intervals: Intervals = { ...DEFAULT_INTERVALS, ...input.intervals };
  const options = activityOptions(intervals, input.taskQueues ?? { io: TASK_QUEUES.io, cpu: TASK_QUEUES.cpu });
  const record = proxyActivities<IoActivities>(options.record);
  const root = CancellationScope.current();
  const state: { -readonly [Key in Exclude<keyof TrainingState, 'ceilingMicroUsd'>]: TrainingState[Key] } = {
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
  let waiting: string | null = null;
  let cancelledBy: string | null = null;
  /** How often the training has failed: each failure is a separate event. */
  let endings = 0;
  const failedBefore = new Set<FailureCode>();
  let retryWaits = false;
  let retryOverrides: RecipeOverrides = {};
  let running: CancellationScope | null = null;
  let pausedBy: string | null = null;
  let wishes: BringHomeInput['what'][] = [];
  const money = createMoney({
    intervals,
    warn: (ceilingMicroUsd, spentMicroUsd) =>
      record.warnOfBudget({ trainingId: input.trainingId, ceilingMicroUsd, spentMicroUsd }),
  });

  const current = (): TrainingState => ({ ...state, ceilingMicroUsd: money.ceiling() });

  // Before the handlers: a signal that arrived before the first task is handled as soon as its handler is set.
  const show = () =>
    setCurrentDetails(
      describeTraining({ state: current(), plan, pod, progress, resume, waiting, maxAttempts: intervals.maxAttempts }),
    );
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
    waiting = null;
    publishState();
  };

  setHandler(
    cancelTraining,
    async (request) => {
      cancelledBy = request?.by ?? 'a signal';
      // Ask Temporal itself to cancel this run: only then does it end as Canceled, and signal, API and button share one
      // path.
      await CancellationScope.nonCancellable(() => record.requestCancel({ trainingId: input.trainingId }));
    },
    {
      description: 'Cancels the training: the pod is torn down and nothing is published. Same as the Cancel button.',
      unfinishedPolicy: HandlerUnfinishedPolicy.ABANDON,
    },
  );
  setHandler(
    retryTraining,
    (request) => {
      retryWaits = true;
      pausedBy = null;
      retryOverrides = { ...retryOverrides, ...request?.overrides };
      running?.cancel();
    },
    {
      description:
        'After a failure: starts a fresh set of attempts. During an attempt: ends it (pod first) and starts the next one with a fresh count. Optional: {"by": "...", "overrides": {"steps": 1500}}.',
    },
  );
  setHandler(
    pauseTraining,
    (request) => {
      pausedBy ??= request?.by ?? 'a signal';
      // Before the first step there is nothing to save; after the last one the LoRA is nearly done.
      if (state.phase === 'provisioning' || state.phase === 'uploading') running?.cancel();
    },
    {
      description:
        'Saves, copies the save to our store, terminates the pod and waits for `resumeTraining`, for days if need be, at no cost.',
    },
  );
  setHandler(
    resumeTraining,
    () => {
      pausedBy = null;
    },
    { description: 'Continues after `pauseTraining`, from the last save, on a new pod.' },
  );
  const wish = (what: BringHomeInput['what']) => () => {
    if (state.phase === 'training') wishes.push(what);
    else log.info('nothing is training: the request is ignored', { what });
  };
  setHandler(saveNow, wish('save'), {
    description: 'Makes the trainer save a checkpoint now and copies it to our store.',
  });
  setHandler(sampleNow, wish('samples'), {
    description: 'Makes the trainer render samples now and copies them to our store.',
  });
  let isCeilingChanging = false;
  setHandler(
    raiseBudget,
    async ({ ceilingMicroUsd }) => {
      // Whoever sets a ceiling right after the start need not know when the workflow has read its plan.
      await condition(() => plan !== null);
      // One at a time, or the database and this run might end up with different ceilings.
      while (isCeilingChanging && patched('ceilings-in-turn')) await condition(() => !isCeilingChanging);
      isCeilingChanging = true;
      try {
        await record.raiseCeiling({ trainingId: input.trainingId, ceilingMicroUsd });
        money.setCeiling(ceilingMicroUsd);
      } finally {
        isCeilingChanging = false;
      }
      show();
      return { ceilingMicroUsd };
    },
    {
      description:
        'Raises or lowers what the training may cost: {"ceilingMicroUsd": 2000000}. A training that was stopped at its ceiling continues from its last save once the ceiling is raised.',
      validator: ({ ceilingMicroUsd }) => {
        if (state.phase === 'done') throw new Error('This training has ended');
        const spentMicroUsd =
          money.spent() + (pod ? rentMicroUsd(pod.hourlyMicroUsd, Date.now() - pod.createdAtMs) : 0);
        if (!Number.isSafeInteger(ceilingMicroUsd) || ceilingMicroUsd < Math.max(1, spentMicroUsd))
          throw new Error(
            `The ceiling must be a whole number of micro-dollars, not less than the ${spentMicroUsd} already spent`,
          );
      },
    },
  );
  setHandler(
    reportProgress,
    (seen) => {
      progress = seen;
      show();
    },
    { description: 'Internal: the trainer’s progress, at a few milestones of each attempt.' },
  );
  setHandler(trainingStatus, current, {
    description: 'Status, phase, attempt and cost as the workflow knows them.',
  });

  return {
    input,
    intervals,
    options,
    record,
    state,
    cpu: proxyActivities<CpuActivities>(options.curate),
    publishing: proxyActivities<IoActivities>(options.publish),
    tearDown: proxyActivities<IoActivities>(options.tearDown),
    cancelledBy: () => `Cancelled by ${cancelledBy ?? 'an operator'}`,
    money,
    knows: (known: TrainingPlan) => {
      plan = known;
      money.setCeiling(known.ceilingMicroUsd ?? null);
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
      waiting = null;
      Object.assign(state, { status: 'training', phase, reason: null, podId: pod?.podId ?? null });
      publishState();
    },
    waits: (why: string | null) => {
      waiting = why;
      show();
    },
    resumes: (restored: RestoredCheckpoint) => {
      resume = restored;
      show();
    },
    nextAttempt: (ofSet: number) => {
      money.nextAttempt();
      wishes = [];
      retryWaits = false;
      state.attempt += 1;
      state.attemptOfSet = ofSet;
      return state.attempt;
    },
    /** Puts this run where the database says the training stands. */
    takeOver: ({ attempt, costMicroUsd }: { readonly attempt: number; readonly costMicroUsd: number }) => {
      money.takeOver(costMicroUsd);
      retryWaits = false;
      Object.assign(state, { attempt, costMicroUsd });
    },
    /** Whether an attempt of this training has failed with the code before; from now on one has. */
    hasFailedBefore: (code: FailureCode): boolean => {
      const before = failedBefore.has(code);
      failedBefore.add(code);
      return before;
    },
    pausedBy: () => pausedBy,
    pauseWanted: () => condition(() => pausedBy !== null),
    /** Waits, at no cost, until somebody resumes the training. */
    resumed: async (step: number | null) => {
      const by = pausedBy ?? 'a signal';
      await record.recordPaused({ trainingId: input.trainingId, attempt: state.attempt, by, step });
      pod = null;
      Object.assign(state, { phase: 'paused', reason: 'PAUSED', podId: null, costMicroUsd: money.spent() });
      publishState();
      await condition(() => pausedBy === null);
    },
    serveWishes: async (bringHome: (what: BringHomeInput['what']) => Promise<BroughtHome>) => {
      for (;;) {
        await condition(() => wishes.length > 0);
        const what = wishes.shift()!;
        try {
          await bringHome(what);
        } catch (error) {
          if (isCancellation(error)) throw error;
          log.warn('the requested save or samples could not be copied', { what, failure: failureOf(error) });
        }
      }
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
    /** True once the whole run is being cancelled. */
    isCancelled: (): boolean => root.consideredCancelled,
    /** True when a retry has been requested and the training has not been cancelled. */
    takeRetry: (): boolean => retryWaits && !root.consideredCancelled,
    /** True when a pause has been requested and the training has not been cancelled. */
    takePause: (): boolean => pausedBy !== null && !root.consideredCancelled,
    /** Waits for `retryTraining`; one that arrived a little early counts too. */
    retriedWithin: async (windowMs: number): Promise<boolean> => {
      const isRaised = () => state.reason === 'BUDGET_EXCEEDED' && money.isRaised();
      const retried = await condition(() => retryWaits || isRaised(), windowMs);
      retryWaits = false;
      pausedBy = null;
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
          retryWindowMs: intervals.retryWindowMs,
          reason: code,
          message,
        });
        finish(status, code, ended.costMicroUsd, awaitsRetry ? 'awaiting_retry' : 'done');
      });
    },
  };
}
