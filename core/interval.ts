/**
 * Every interval and limit of a training. They travel with the workflow's input, so that tests can run the same
 * workflow in milliseconds and an operator can see in the Web UI what a run was given.
 */

export interface Intervals {
  /** Attempts before a training is `failed` (landscape S0-21). */
  readonly maxAttempts: number;
  /** Pods that one attempt may use when hosts turn out to be bad. */
  readonly maxPodsPerAttempt: number;
  /** Pauses between checks for capacity; the last one repeats. Milliseconds. */
  readonly capacityWaitMs: readonly number[];
  /** Longest total wait for capacity within an attempt. Milliseconds. */
  readonly capacityTimeoutMs: number;
  /** Longest that one create call may take. Milliseconds. The vendor gives no limit; 60 s by DESIGN 5. */
  readonly createTimeoutMs: number;
  /** Pause between checks of the vendor's list after a create call with an unclear answer. Milliseconds. */
  readonly reconcileIntervalMs: number;
  /** Longest time from creation to a usable trainer. Milliseconds. 20 min is dstack's cap, because of image pulls. */
  readonly podReadyTimeoutMs: number;
  /** Longest pause between checks whether the trainer is up. Milliseconds. */
  readonly readyPollMs: number;
  /** Regular pause between polls of a running training. Milliseconds. */
  readonly watchPollMs: number;
  /** Pause close to a predicted checkpoint or the predicted end. Milliseconds. */
  readonly watchFastPollMs: number;
  /** Longest time without progress before the first step: model download and load. Milliseconds. */
  readonly startupTimeoutMs: number;
  /** Longest time from the start of the job to its first step, whatever else happens meanwhile. Milliseconds. */
  readonly firstStepTimeoutMs: number;
  /** Longest time without a change in step, status text, log or files. Milliseconds. */
  readonly stallTimeoutMs: number;
  /** Longest that a pod may be unreachable before it counts as lost. Milliseconds. */
  readonly podLostTimeoutMs: number;
  /** Longest that a training may take on one pod. Milliseconds. */
  readonly trainingTimeoutMs: number;
  /** A pod is slow when a step takes this many times as long as its GPU should need. */
  readonly slowPodFactor: number;
  /** How long a pod must have been slow. Milliseconds. */
  readonly slowPodWindowMs: number;
  /** Longest wait for the save of a pause, or of a person's `saveNow` or `sampleNow`. Milliseconds. */
  readonly pauseSaveMs: number;
  /** Rent reserved below the ceiling for the last save. Milliseconds. */
  readonly budgetSaveMs: number;
  /** Rent reserved below the ceiling for the teardown. Milliseconds. */
  readonly budgetTeardownMs: number;
  /** How long a failed training waits for `retryTraining`. Milliseconds. */
  readonly retryWindowMs: number;
  /** Heartbeat timeout of long activities, and so the longest that a cancellation goes unnoticed. Milliseconds. */
  readonly heartbeatTimeoutMs: number;
  /** Start-to-close timeout of short activities. Milliseconds. */
  readonly shortTimeoutMs: number;
  /** Start-to-close timeout of transfers. Milliseconds. */
  readonly transferTimeoutMs: number;
  /** First pause before a step is retried; doubles up to one minute. Milliseconds. */
  readonly retryIntervalMs: number;
  /** Tries of one transfer or publication before its failure counts. */
  readonly maxStepTries: number;
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Defaults for real vendors. */
export const DEFAULT_INTERVALS: Intervals = {
  maxAttempts: 3,
  maxPodsPerAttempt: 3,
  capacityWaitMs: [1 * MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE],
  capacityTimeoutMs: 6 * HOUR,
  createTimeoutMs: 60 * SECOND,
  reconcileIntervalMs: 3 * SECOND,
  podReadyTimeoutMs: 20 * MINUTE,
  readyPollMs: 5 * SECOND,
  watchPollMs: 10 * SECOND,
  watchFastPollMs: 1 * SECOND,
  startupTimeoutMs: 45 * MINUTE,
  // A tool that rents pods for AI Toolkit gives the whole boot 90 min (LDS at 7cfd777, read 2026-11).
  firstStepTimeoutMs: 90 * MINUTE,
  stallTimeoutMs: 15 * MINUTE,
  podLostTimeoutMs: 5 * MINUTE,
  trainingTimeoutMs: 24 * HOUR,
  slowPodFactor: 3,
  slowPodWindowMs: 20 * MINUTE,
  pauseSaveMs: 5 * MINUTE,
  // A save of 350 MB is copied in under a minute at 10 MB/s.
  budgetSaveMs: 3 * MINUTE,
  budgetTeardownMs: 1 * MINUTE,
  retryWindowMs: 7 * DAY,
  heartbeatTimeoutMs: 30 * SECOND,
  shortTimeoutMs: 60 * SECOND,
  transferTimeoutMs: 2 * HOUR,
  retryIntervalMs: 1 * SECOND,
  // The pauses add up to about 6 min: a trainer that is unreachable for less than podLostTimeoutMs costs no attempt.
  maxStepTries: 12,
};

/** A pod may appear in the vendor's list a little after the answer to its create call was due. */
const CREATE_WINDOW_MARGIN_MS = 5 * SECOND;

/** How long after it was sent a create call of unknown outcome may still create a pod. Milliseconds. */
export function createWindowMs(createTimeoutMs: number): number {
  return createTimeoutMs + CREATE_WINDOW_MARGIN_MS;
}
