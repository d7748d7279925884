import { rentMicroUsd } from '../core/money.ts';
import type { Pod } from '../providers/compute/compute.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { keepAlive } from './step.ts';
import type { Step } from './step.ts';

/**
 * First pause before asking the vendor whether a pod is gone; doubles, because a quota of 60 calls a minute is soon
 * used up.
 */
const CONFIRM_PAUSE_MS = 250;
const MAX_CONFIRM_PAUSE_MS = 5_000;

/** Terminates a pod and returns once the vendor has confirmed that it is gone. */
export async function endPod({ compute }: ActivityDependencies, podId: string, step: Step): Promise<void> {
  await keepAlive(step, compute.terminate(podId, step.signal));
  let pauseMs = CONFIRM_PAUSE_MS;
  while (!(await keepAlive(step, compute.isGone(podId, step.signal)))) {
    await step.sleep(pauseMs);
    pauseMs = Math.min(MAX_CONFIRM_PAUSE_MS, pauseMs * 2);
  }
}

/**
 * Terminates a pod that has the name of a ledger row but is not the row's pod. It is entered in the ledger first, or
 * its bill would be lost.
 */
export async function discardPod(deps: ActivityDependencies, pod: Pod, note: string, step: Step): Promise<void> {
  const name = await deps.repositories.pods.recordUnwanted({ ...pod, externalId: pod.id });
  await endPod(deps, pod.id, step);
  const costMicroUsd = rentMicroUsd(pod.hourlyMicroUsd, Date.now() - pod.createdAt.getTime());
  await deps.repositories.pods.recordTerminated({ name, costMicroUsd, costSettled: false, note });
}
