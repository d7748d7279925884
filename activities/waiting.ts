/**
 * Tells people why a training is waiting: a step that Temporal retries records why, since when, and when the next try
 * is due.
 */
import { activityInfo, log } from '@temporalio/activity';
import type { RetryPolicy } from '@temporalio/common';
import { msToNumber } from '@temporalio/common/lib/time.js';
import { TemperaError } from '../core/failure.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { redact } from './failures.ts';
import { currentRunId, currentStep } from './step.ts';

/** The first failure of a step is a blip that need not be reported. */
const QUIET_TRIES = 1;
const MAX_REASON = 300;

/** Runs a step; if it fails and will be retried, the training's `message` says what it is waiting for. */
export function tellingWhyItWaits<Input extends { readonly trainingId: string }, Result>(
  deps: ActivityDependencies,
  run: (input: Input) => Promise<Result>,
): (input: Input) => Promise<Result> {
  return async (input) => {
    const { attempt: tries } = activityInfo();
    try {
      const result = await run(input);
      if (tries > QUIET_TRIES) await reportWaiting(deps, input.trainingId, null);
      return result;
    } catch (error) {
      if (!currentStep().signal.aborted) await reportFailure(deps, input.trainingId, error);
      throw error;
    }
  };
}

async function reportFailure(deps: ActivityDependencies, trainingId: string, error: unknown): Promise<void> {
  const { attempt: tries, retryPolicy, scheduledTimestampMs } = activityInfo();
  const pauseMs = pauseBefore(retryPolicy, tries, error);
  if (pauseMs === null || tries <= QUIET_TRIES) return;
  await reportWaiting(deps, trainingId, {
    reason: error instanceof TemperaError ? error.message : 'a part of Tempera is not responding',
    since: new Date(scheduledTimestampMs),
    nextTryAt: new Date(Date.now() + pauseMs),
  });
}

/** How long Temporal waits before it retries the step; null when it does not. Milliseconds. */
function pauseBefore(policy: RetryPolicy | undefined, tries: number, error: unknown): number | null {
  if (error instanceof TemperaError && !error.retryable) return null;
  if (policy?.maximumAttempts !== undefined && policy.maximumAttempts > 0 && tries >= policy.maximumAttempts)
    return null;
  if (error instanceof TemperaError && error.retryAfterMs !== undefined) return error.retryAfterMs;
  const first = msToNumber(policy?.initialInterval ?? '1 second');
  const most = msToNumber(policy?.maximumInterval ?? '100 seconds');
  return Math.min(most, first * (policy?.backoffCoefficient ?? 2) ** (tries - 1));
}

interface Waiting {
  readonly reason: string;
  readonly since: Date;
  readonly nextTryAt: Date;
}

/** Records what a training is waiting for, or that it no longer waits. A failure to record it must not end the step. */
export async function reportWaiting(
  deps: ActivityDependencies,
  trainingId: string,
  waiting: Waiting | null,
): Promise<void> {
  const message =
    waiting === null
      ? null
      : `${redact(waiting.reason, MAX_REASON)}. Waiting since ${timeOf(waiting.since)}; the next try is at ${timeOf(waiting.nextTryAt)}.`;
  try {
    await deps.repositories.runs.recordWaiting({ trainingId, runId: currentRunId(), message });
  } catch (error) {
    log.warn('the reason why the training is waiting could not be recorded', { error, trainingId });
  }
}

/** "2026-11-26 14:03:05 UTC". */
function timeOf(time: Date): string {
  return `${time.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}
