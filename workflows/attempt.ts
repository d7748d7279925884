/** One attempt, whatever kind of backend it runs on: what it rents is ended, its row closed, its money counted. */
import { CancellationScope } from '@temporalio/workflow';
import { failurePolicy } from '../core/failure.ts';
import type { AttemptEnd, AttemptInput } from './attempt-input.ts';
import { onPods } from './attempt-rented.ts';
import { stepsOf, tearDown, throwIfCancelled } from './attempt-steps.ts';
import { failureOf } from './outcome.ts';

/** What an attempt does between its beginning and its teardown, by kind of backend; each kind has a file of its own. */
const STORIES = { rented: onPods } as const satisfies Record<string, (input: AttemptInput) => Promise<AttemptEnd>>;

export type AttemptResult = AttemptEnd & { readonly costMicroUsd: number };

/**
 * Runs one attempt. The teardown is guaranteed before anything is rented: it covers every pod that the ledger has for
 * this attempt. A cancellation propagates once the pod is gone and the attempt's row is closed.
 */
export async function runAttempt(input: AttemptInput): Promise<AttemptResult> {
  const { record } = stepsOf(input, null);
  let end: AttemptEnd | null = null;
  let costMicroUsd = 0;
  try {
    end = await STORIES.rented(input);
  } catch (error) {
    throwIfCancelled(error);
    end = { status: 'failed', vramGb: null, step: null, ...failureOf(error) };
  } finally {
    await CancellationScope.nonCancellable(async () => {
      costMicroUsd = await tearDown(input);
      await record.recordAttempt({
        trainingId: input.plan.trainingId,
        attempt: input.attempt,
        costMicroUsd,
        ...rowOf(end),
      });
    });
  }
  return { ...end, costMicroUsd };
}

/** What the attempt's row says; null: the attempt was cancelled. */
function rowOf(end: AttemptEnd | null) {
  if (end === null) return { status: 'cancelled', reason: null, message: null } as const;
  if (end.status === 'succeeded') return { status: 'succeeded', reason: null, message: null } as const;
  const { code, message } = end;
  if (failurePolicy(code).action === 'pause') return { status: 'cancelled', reason: code, message: null } as const;
  return { status: 'failed', reason: code, message } as const;
}
