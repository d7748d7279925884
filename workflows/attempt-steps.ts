/** The steps of one attempt, under its name. */
import { CancellationScope, CancelledFailure, isCancellation, proxyActivities } from '@temporalio/workflow';
import type { IoActivities } from '../activities/io.ts';
import type { AttemptInput } from './attempt-input.ts';

/** Activities with this attempt's summary, which the Web UI shows beside each of them. */
export function stepsOf({ label, options, plan }: AttemptInput, gpu: string | null) {
  const summary = [label, gpu].filter((part) => part !== null).join(', ');
  return {
    record: proxyActivities<IoActivities>({ ...options.record, summary }),
    provision: proxyActivities<IoActivities>({ ...options.provision, summary }),
    awaitReady: proxyActivities<IoActivities>({ ...options.awaitReady, summary }),
    pod: proxyActivities<IoActivities>({ ...options.pod, summary }),
    start: proxyActivities<IoActivities>({ ...options.start, summary }),
    bringHome: proxyActivities<IoActivities>({ ...options.bringHome, summary }),
    watch: proxyActivities<IoActivities>({ ...options.watch, summary: `${summary}, ${plan.steps} steps` }),
    tearDown: proxyActivities<IoActivities>({ ...options.tearDown, summary }),
  };
}

/**
 * Ends one pod, or everything that the ledger has for this attempt, and returns what the attempt has cost.
 * Micro-dollars.
 */
export async function tearDown(input: AttemptInput, podName?: string): Promise<number> {
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

/** A step that is cancelled while its worker is silent ends with a timeout: that does not fail the attempt. */
export function throwIfCancelled(error: unknown): void {
  if (isCancellation(error)) throw error;
  if (CancellationScope.current().consideredCancelled)
    throw new CancelledFailure('A step was interrupted while it was being cancelled', [], error as Error);
}
