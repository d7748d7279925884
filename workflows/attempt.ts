/** One attempt: rent a pod, train on it, fetch the LoRA, and terminate the pod whatever happens. */
import {
  CancellationScope,
  CancelledFailure,
  isCancellation,
  log,
  patched,
  proxyActivities,
  sleep,
} from '@temporalio/workflow';
import type { IoActivities } from '../activities/io.ts';
import type { RestoredCheckpoint } from '../activities/restore-checkpoint.ts';
import type { BringHomeInput, BroughtHome } from '../activities/bring-home.ts';
import type { ProvisionedPod } from '../activities/provision-pod.ts';
import type { Artifact } from '../core/artifact.ts';
import type { TrainingPlan } from '../activities/begin-training.ts';
import { failurePolicy } from '../core/failure.ts';
import type { Intervals } from '../core/interval.ts';
import { podName } from '../core/names.ts';
import type { RecipeOverrides } from '../core/recipe.ts';
import type { TrainingPhase } from '../core/status.ts';
import type { activityOptions } from './activity-options.ts';
import type { Failed } from './outcome.ts';
import type { Halt } from './halt.ts';
import { untilHalted } from './halt.ts';
import type { Money } from './money.ts';
import { PAUSED, failureOf, podFailureOf } from './outcome.ts';

export interface AttemptInput {
  readonly plan: TrainingPlan;
  readonly workflowId: string;
  readonly manifestKey: string;
  /** Counts up over the life of the training. */
  readonly attempt: number;
  /** For display: "attempt 2/3". */
  readonly label: string;
  readonly overrides: RecipeOverrides;
  readonly minVramGb: number | undefined;
  readonly intervals: Intervals;
  readonly options: ReturnType<typeof activityOptions>;
  /** What the training may cost, and what it has cost so far. */
  readonly money: Money;
  /** Resolves when a person asks to pause the training; at once if that has already happened. */
  readonly pauseWanted: () => Promise<void>;
  /** Serves requests for saves and samples until it is cancelled. */
  readonly serveWishes: (bringHome: (what: BringHomeInput['what']) => Promise<BroughtHome>) => Promise<void>;
  /** Tells operators what the attempt resumes from. */
  readonly resumes: (restored: RestoredCheckpoint) => void;
  /** Tells operators why nothing is happening. */
  readonly waits: (why: string | null) => void;
  /** Tells operators where the attempt stands. */
  readonly enter: (phase: TrainingPhase, pod?: ProvisionedPod) => void;
}

export type AttemptResult = Tried & { readonly costMicroUsd: number };

type Tried = { readonly status: 'succeeded'; readonly artifact: Artifact } | EndedEarly;

/** Without a LoRA: the failure policy decides what follows. */
export type EndedEarly = {
  readonly status: 'failed';
  /** Memory of the GPU that it ran on; null when that does not matter. */
  readonly vramGb: number | null;
  /** The step of the last save, for a pause. */
  readonly step: number | null;
} & Failed;

/**
 * Runs one attempt. The teardown is guaranteed before anything is rented: it covers every pod that the ledger has for
 * this attempt. A cancellation propagates once the pod is gone and the attempt's row is closed.
 */
export async function runAttempt(input: AttemptInput): Promise<AttemptResult> {
  const { record } = stepsOf(input, null);
  let tried: Tried | null = null;
  let costMicroUsd = 0;
  try {
    tried = await tryOnPods(input);
  } catch (error) {
    throwIfCancelled(error);
    tried = { status: 'failed', vramGb: null, step: null, ...failureOf(error) };
  } finally {
    await CancellationScope.nonCancellable(async () => {
      costMicroUsd = await tearDown(input);
      await record.recordAttempt({
        trainingId: input.plan.trainingId,
        attempt: input.attempt,
        costMicroUsd,
        ...endOf(tried),
      });
    });
  }
  return { ...tried, costMicroUsd };
}

function endOf(tried: Tried | null) {
  if (tried === null) return { status: 'cancelled', reason: null, message: null } as const;
  if (tried.status === 'succeeded') return { status: 'succeeded', reason: null, message: null } as const;
  if (failurePolicy(tried.code).action === 'pause')
    return { status: 'cancelled', reason: tried.code, message: null } as const;
  return { status: 'failed', reason: tried.code, message: tried.message } as const;
}

const NOT_READY = { status: 'failed', code: 'POD_NOT_READY', vramGb: null, step: null } as const;

/** Bad hosts cost pods, not attempts: up to `maxPodsPerAttempt` of them. */
async function tryOnPods(input: AttemptInput): Promise<Tried> {
  const avoidDataCenters: string[] = [];
  let unusable: Tried = { ...NOT_READY, message: 'No pod was tried' };
  for (let pod = 1; pod <= input.intervals.maxPodsPerAttempt; pod += 1) {
    const name = podName({
      environment: input.plan.environment,
      trainingId: input.plan.trainingId,
      attempt: input.attempt,
      pod,
    });
    input.enter('provisioning');
    const provisioned = await provision(input, { pod, podName: name, avoidDataCenters });
    if (provisioned.status === 'failed') return provisioned;
    // Whatever the pod does, its rent never exceeds the ceiling.
    const used = await untilHalted(
      () => bootAndTrain(input, provisioned, name),
      () => input.money.usedUpBy(provisioned),
    );
    if (used.status === 'halted') return input.money.exceeded();
    unusable = used.value;
    if (unusable.status === 'succeeded' || failurePolicy(unusable.code).action !== 'new_pod') return unusable;
    await CancellationScope.nonCancellable(() => tearDown(input, name));
    if (provisioned.dataCenter !== null) avoidDataCenters.push(provisioned.dataCenter);
  }
  return unusable;
}

type Rented = ProvisionedPod & { readonly status: 'rented' };

/** Looks for an offer until there is one; between checks it waits durably, which costs no money and no attempt. */
async function provision(
  input: AttemptInput,
  pod: { readonly pod: number; readonly podName: string; readonly avoidDataCenters: readonly string[] },
): Promise<Rented | EndedEarly> {
  const { intervals } = input;
  const mayWait = failurePolicy('NO_CAPACITY').action === 'wait_for_capacity';
  const { provision: step } = stepsOf(input, null);
  const waits = intervals.capacityWaitMs;
  const sinceMs = Date.now();
  let waitedMs = 0;
  for (let look = 0; ; look += 1) {
    const waitMs = waits[Math.min(look, waits.length - 1)] ?? 0;
    const isLast = !mayWait || waitedMs + waitMs > intervals.capacityTimeoutMs;
    const result = await step.provisionPod({
      ...pod,
      trainingId: input.plan.trainingId,
      attempt: input.attempt,
      overrides: input.overrides,
      ...(input.minVramGb === undefined ? {} : { minVramGb: input.minVramGb }),
      createTimeoutMs: intervals.createTimeoutMs,
      reconcileIntervalMs: intervals.reconcileIntervalMs,
      ...(isLast ? {} : { capacity: { sinceMs, nextLookInMs: waitMs } }),
      ...input.money.budget(),
    });
    if (result.status === 'provisioned') {
      input.waits(null);
      return { ...result, status: 'rented' };
    }
    if (result.status === 'too_dear') return input.money.exceeded();
    if (isLast) return { status: 'failed', vramGb: null, step: null, code: 'NO_CAPACITY', message: result.message };
    input.waits(
      `${result.message}. Waiting since ${timeOf(sinceMs)}; the next check is at ${timeOf(Date.now() + waitMs)}`,
    );
    await sleep(waitMs, { summary: `no capacity, look ${look + 2}` });
    waitedMs += waitMs;
  }
}

/** "14:03:05 UTC". */
function timeOf(epochMs: number): string {
  return `${new Date(epochMs).toISOString().slice(11, 19)} UTC`;
}

async function bootAndTrain(input: AttemptInput, pod: Rented, name: string): Promise<Tried> {
  const readiness = await stepsOf(input, pod.gpu).awaitReady.awaitPodReady({
    trainingId: input.plan.trainingId,
    attempt: input.attempt,
    podName: name,
    podId: pod.podId,
    createdAtMs: pod.createdAtMs,
    podReadyTimeoutMs: input.intervals.podReadyTimeoutMs,
    readyPollMs: input.intervals.readyPollMs,
  });
  if (readiness.status === 'not_ready') return { ...NOT_READY, message: readiness.message };
  return await trainOn(input, pod, name);
}

async function trainOn(input: AttemptInput, pod: Rented, name: string): Promise<Tried> {
  const steps = stepsOf(input, pod.gpu);
  const { trainingId } = input.plan;
  const place = { trainingId, attempt: input.attempt, podId: pod.podId, podName: name };
  const { intervals } = input;
  try {
    input.enter('uploading', pod);
    await steps.pod.uploadDataset({ ...place, manifestKey: input.manifestKey });
    if (input.attempt > 1 && patched('restore-checkpoint')) {
      const restored = await steps.pod.restoreCheckpoint({ ...place, overrides: input.overrides });
      input.resumes(restored);
    }
    input.enter('training', pod);
    const { jobId } = await steps.start.startTraining({
      ...place,
      overrides: input.overrides,
      manifestKey: input.manifestKey,
    });
    const bringHome = (what: BringHomeInput['what'], withinMs: number) =>
      steps.bringHome.bringHome({ ...place, jobId, overrides: input.overrides, what, withinMs });
    const watch = () =>
      steps.watch.watchTraining({
        ...place,
        workflowId: input.workflowId,
        jobId,
        overrides: input.overrides,
        hourlyMicroUsd: pod.hourlyMicroUsd,
        podCreatedAtMs: pod.createdAtMs,
        startedAtMs: Date.now(),
        watchPollMs: intervals.watchPollMs,
        watchFastPollMs: intervals.watchFastPollMs,
        startupTimeoutMs: intervals.startupTimeoutMs,
        firstStepTimeoutMs: intervals.firstStepTimeoutMs,
        stallTimeoutMs: intervals.stallTimeoutMs,
        podLostTimeoutMs: intervals.podLostTimeoutMs,
        slowPodFactor: intervals.slowPodFactor,
        slowPodWindowMs: intervals.slowPodWindowMs,
      });
    const watched = await untilHalted(
      () => beside(watch, () => input.serveWishes((what) => bringHome(what, intervals.pauseSaveMs))),
      () => haltOf(input, pod),
    );
    if (watched.status === 'halted') {
      const step = await lastSave(() =>
        bringHome('save', watched.why === 'pause' ? intervals.pauseSaveMs : intervals.budgetSaveMs),
      );
      return watched.why === 'pause' ? { ...PAUSED, vramGb: null, step } : input.money.exceeded();
    }
    input.enter('downloading', pod);
    const artifact = await steps.pod.downloadLora({ ...place, jobId, step: watched.value.step });
    return { status: 'succeeded', artifact };
  } catch (error) {
    throwIfCancelled(error);
    return { status: 'failed', vramGb: pod.vramGb, step: null, ...podFailureOf(error) };
  }
}

/** A step that is cancelled while its worker is silent ends with a timeout: that does not fail the attempt. */
function throwIfCancelled(error: unknown): void {
  if (isCancellation(error)) throw error;
  if (CancellationScope.current().consideredCancelled)
    throw new CancelledFailure('A step was interrupted while it was being cancelled', [], error as Error);
}

/** What ends a running training early: whichever comes first. */
async function haltOf(input: AttemptInput, pod: Rented): Promise<Halt> {
  return await Promise.race([
    input.pauseWanted().then(() => 'pause' as const),
    input.money.savesAt(pod).then(() => 'budget' as const),
  ]);
}

/** Runs `aside` for as long as `work` runs. */
async function beside<T>(work: () => Promise<T>, aside: () => Promise<void>): Promise<T> {
  const scope = new CancellationScope();
  const served = scope.run(aside).catch((error: unknown) => {
    if (!isCancellation(error)) throw error;
  });
  try {
    return await work();
  } finally {
    scope.cancel();
    await served;
  }
}

/** The step of the save that was copied; a save that fails is no reason to keep the pod. */
async function lastSave(bringHome: () => Promise<BroughtHome>): Promise<number | null> {
  try {
    return (await bringHome()).step;
  } catch (error) {
    if (isCancellation(error)) throw error;
    log.warn('the last save could not be copied', { failure: failureOf(error) });
    return null;
  }
}

/** Without `podName`, every pod of the attempt. */
async function tearDown(input: AttemptInput, podName?: string): Promise<number> {
  const { costMicroUsd } = await stepsOf(input, null).tearDown.tearDownPod({
    trainingId: input.plan.trainingId,
    attempt: input.attempt,
    ...(podName === undefined ? {} : { podName }),
    createTimeoutMs: input.intervals.createTimeoutMs,
    reconcileIntervalMs: input.intervals.reconcileIntervalMs,
  });
  input.money.attemptHasCost(costMicroUsd);
  return costMicroUsd;
}

/** Activities with this attempt's summary, which the Web UI shows beside each of them. */
function stepsOf(input: AttemptInput, gpu: string | null) {
  const summary = [input.label, gpu].filter((part) => part !== null).join(', ');
  const { options } = input;
  return {
    record: proxyActivities<IoActivities>({ ...options.record, summary }),
    provision: proxyActivities<IoActivities>({ ...options.provision, summary }),
    awaitReady: proxyActivities<IoActivities>({ ...options.awaitReady, summary }),
    pod: proxyActivities<IoActivities>({ ...options.pod, summary }),
    start: proxyActivities<IoActivities>({ ...options.start, summary }),
    bringHome: proxyActivities<IoActivities>({ ...options.bringHome, summary }),
    watch: proxyActivities<IoActivities>({ ...options.watch, summary: `${summary}, ${input.plan.steps} steps` }),
    tearDown: proxyActivities<IoActivities>({ ...options.tearDown, summary }),
  };
}
