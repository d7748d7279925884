/** Following a training that runs, wherever it runs: watch it, serve requests, end it early if need be, fetch its LoRA. */
import { CancellationScope, isCancellation, log } from '@temporalio/workflow';
import type { BringHomeInput, BroughtHome } from '../activities/bring-home.ts';
import type { ProvisionedPod } from '../activities/provision-pod.ts';
import type { AttemptEnd, AttemptInput } from './attempt-input.ts';
import { stepsOf } from './attempt-steps.ts';
import { untilHalted } from './halt.ts';
import type { Halt } from './halt.ts';
import { PAUSED, failureOf } from './outcome.ts';

/** A training that has been started. */
interface Started {
  /** What bills for it. */
  readonly pod: ProvisionedPod;
  /** Where it runs. */
  readonly place: Pick<BringHomeInput, 'trainingId' | 'attempt' | 'podId' | 'podName' | 'jobId'>;
}

/** Resolves when the LoRA is in our store, or when the training was paused or met its ceiling; throws what fails. */
export async function followTraining(input: AttemptInput, { pod, place }: Started): Promise<AttemptEnd> {
  const { intervals, money, overrides } = input;
  const steps = stepsOf(input, pod.gpu);
  const bringHome = (what: BringHomeInput['what'], withinMs: number) =>
    steps.bringHome.bringHome({ ...place, overrides, what, withinMs });
  const watch = () =>
    steps.watch.watchTraining({
      ...place,
      workflowId: input.workflowId,
      overrides,
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
    () => beside(watch, () => input.serveRequests((what) => bringHome(what, intervals.pauseSaveMs))),
    () => haltOf(input, pod),
  );
  if (watched.status === 'halted') {
    const isPause = watched.reason === 'pause';
    const step = await lastSave(() => bringHome('save', isPause ? intervals.pauseSaveMs : intervals.budgetSaveMs));
    return isPause ? { ...PAUSED, vramGb: null, step } : money.exceeded();
  }
  input.enter('downloading', pod);
  const artifact = await steps.pod.downloadLora({ ...place, step: watched.value.step });
  return { status: 'succeeded', artifact };
}

/** What ends a running training early: whichever comes first. */
async function haltOf({ money, untilPauseRequested }: AttemptInput, pod: ProvisionedPod): Promise<Halt> {
  return await Promise.race([
    untilPauseRequested().then(() => 'pause' as const),
    money.savesAt(pod).then(() => 'ceiling' as const),
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
