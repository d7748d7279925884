/** Extracts the policy's code from whatever a step failed with. */
import { ActivityFailure, ApplicationFailure, TimeoutFailure } from '@temporalio/workflow';
import { failurePolicy, isFailureCode } from '../core/failure.ts';
import type { FailureCode } from '../core/failure.ts';

export interface Failed {
  readonly code: FailureCode;
  readonly message: string;
}

/** How an attempt ends that a person has paused. */
export const PAUSED = { status: 'failed', code: 'PAUSED', message: 'A person paused the training' } as const;

/** Cancellation is not a failure: check `isCancellation` first. */
export function failureOf(error: unknown): Failed {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  const step = error instanceof ActivityFailure ? error.activityType : 'A step';
  if (cause instanceof ApplicationFailure && isFailureCode(cause.type)) {
    return { code: cause.type, message: cause.message };
  }
  // An activity failure that is not ours is the SDK's: a worker was shut down in the middle of its last try.
  if (cause instanceof TimeoutFailure || error instanceof ActivityFailure) {
    return { code: 'PROVIDER_UNAVAILABLE', message: `${step} did not finish within its time limit or its retries` };
  }
  return { code: 'INTERNAL', message: `${step} failed: ${error instanceof Error ? error.message : 'unknown'}` };
}

/** Whether a step was rejected because the training is on another run, or further along than this one. */
export function isReset(error: unknown): boolean {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  return (
    cause instanceof ApplicationFailure && isFailureCode(cause.type) && failurePolicy(cause.type).action === 'take_over'
  );
}

/** What the failure of a step on a pod means: a pod that stays silent through all retries is lost. */
export function podFailureOf(error: unknown): Failed {
  if (
    error instanceof ActivityFailure &&
    error.activityType === 'watchTraining' &&
    error.cause instanceof TimeoutFailure
  ) {
    return { code: 'TRAINING_TOO_LONG', message: 'The training took longer than a training may on one pod' };
  }
  const failed = failureOf(error);
  return failurePolicy(failed.code).action === 'retry_step'
    ? { code: 'POD_LOST', message: `The pod is no longer usable: ${failed.message}` }
    : failed;
}
