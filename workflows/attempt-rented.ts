/** An attempt on a rented machine: rent a pod, wait for its trainer, bring the photos, start the training, follow it. */
import { CancellationScope, patched, sleep } from '@temporalio/workflow';
import type { ProvisionedPod } from '../activities/provision-pod.ts';
import { failurePolicy } from '../core/failure.ts';
import { podName } from '../core/names.ts';
import type { AttemptEnd, AttemptInput, EndedEarly } from './attempt-input.ts';
import { stepsOf, tearDown, throwIfCancelled } from './attempt-steps.ts';
import { followTraining } from './follow.ts';
import { untilHalted } from './halt.ts';
import { podFailureOf } from './outcome.ts';

type Rented = ProvisionedPod & { readonly status: 'rented'; readonly podName: string };

const NOT_READY = { status: 'failed', code: 'POD_NOT_READY', vramGb: null, step: null } as const;

/** Bad hosts cost pods, not attempts: up to `maxPodsPerAttempt` of them. */
export async function onPods(input: AttemptInput): Promise<AttemptEnd> {
  const { environment, trainingId } = input.plan;
  const { attempt } = input;
  const avoidDataCenters: string[] = [];
  let unusable: EndedEarly = { ...NOT_READY, message: 'No pod was tried' };
  for (let pod = 1; pod <= input.intervals.maxPodsPerAttempt; pod += 1) {
    input.enter('provisioning');
    const name = podName({ environment, trainingId, attempt, pod });
    const rented = await provision(input, { pod, podName: name, avoidDataCenters });
    if (rented.status === 'failed') return rented;
    // Whatever the pod does, its rent never exceeds the ceiling.
    const used = await untilHalted(
      () => trainWhenReady(input, rented),
      () => input.money.usedUpBy(rented),
    );
    if (used.status === 'halted') return input.money.exceeded();
    const end = used.value;
    if (end.status === 'succeeded' || failurePolicy(end.code).action !== 'new_pod') return end;
    unusable = end;
    await CancellationScope.nonCancellable(() => tearDown(input, name));
    if (rented.dataCenter !== null) avoidDataCenters.push(rented.dataCenter);
  }
  return unusable;
}

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
      input.noteWaiting(null);
      return { ...result, status: 'rented', podName: pod.podName };
    }
    if (result.status === 'too_dear') return input.money.exceeded();
    if (isLast) return { status: 'failed', vramGb: null, step: null, code: 'NO_CAPACITY', message: result.message };
    input.noteWaiting(
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

async function trainWhenReady(input: AttemptInput, pod: Rented): Promise<AttemptEnd> {
  const readiness = await stepsOf(input, pod.gpu).awaitReady.awaitPodReady({
    trainingId: input.plan.trainingId,
    attempt: input.attempt,
    podName: pod.podName,
    podId: pod.podId,
    createdAtMs: pod.createdAtMs,
    podReadyTimeoutMs: input.intervals.podReadyTimeoutMs,
    readyPollMs: input.intervals.readyPollMs,
  });
  if (readiness.status === 'not_ready') return { ...NOT_READY, message: readiness.message };
  try {
    return await trainOn(input, pod);
  } catch (error) {
    throwIfCancelled(error);
    return { status: 'failed', vramGb: pod.vramGb, step: null, ...podFailureOf(error) };
  }
}

async function trainOn(input: AttemptInput, pod: Rented): Promise<AttemptEnd> {
  const { attempt, manifestKey, overrides, plan } = input;
  const steps = stepsOf(input, pod.gpu);
  const place = { trainingId: plan.trainingId, attempt, podId: pod.podId, podName: pod.podName };
  input.enter('uploading', pod);
  await steps.pod.uploadDataset({ ...place, manifestKey });
  if (attempt > 1 && patched('restore-checkpoint'))
    input.noteRestore(await steps.pod.restoreCheckpoint({ ...place, overrides }));
  input.enter('training', pod);
  const { jobId } = await steps.start.startTraining({ ...place, overrides, manifestKey });
  return await followTraining(input, { pod, place: { ...place, jobId } });
}
