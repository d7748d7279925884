/**
 * Every interval and limit of a training's story. They travel with the workflow's input, so that tests run the same story in
 * milliseconds and an operator can see in the Web UI what a run was told.
 */

export interface Intervals {
  /** Attempts before a training is `failed` (landscape S0-21). */
  readonly maxAttempts: number;
  /** Pods that one attempt may use up when hosts turn out bad. */
  readonly maxPodsPerAttempt: number;
  /** Waits between looks for capacity, the last one repeating. Milliseconds. */
  readonly capacityWaitMs: readonly number[];
  /** Longest total wait for capacity in an attempt. Milliseconds. */
  readonly capacityTimeoutMs: number;
  /** Longest that one create call may take. Milliseconds. The vendor gives no limit; 60 s by DESIGN 5. */
  readonly createTimeoutMs: number;
  /** Pause between looks in the vendor's list after a create with an unclear answer. Milliseconds. */
  readonly reconcileIntervalMs: number;
  /** Longest from creation to a usable trainer. Milliseconds. 20 min is dstack's cap, because of image pulls. */
  readonly podReadyTimeoutMs: number;
  /** How often the trainer is asked whether it is up, at most. Milliseconds. */
  readonly readyPollMs: number;
  /** Regular pause between looks at a running training. Milliseconds. */
  readonly watchPollMs: number;
  /** Pause close to a predicted checkpoint or the predicted end. Milliseconds. */
  readonly watchFastPollMs: number;
  /** Longest without any movement before the first step: model download and load. Milliseconds. */
  readonly startupTimeoutMs: number;
  /** Longest from the start of the job to its first step, however much moves meanwhile. Milliseconds. */
  readonly firstStepTimeoutMs: number;
  /** Longest without any movement of step, text, log or files. Milliseconds. */
  readonly stallTimeoutMs: number;
  /** Longest that a pod may be unreachable before it counts as lost. Milliseconds. */
  readonly podLostTimeoutMs: number;
  /** Longest that a whole training on a pod may take. Milliseconds. */
  readonly trainingTimeoutMs: number;
  /** A pod is slow when a step takes so many times what its GPU should need. */
  readonly slowPodFactor: number;
  /** How long a pod must have been slow. Milliseconds. */
  readonly slowPodWindowMs: number;
  /** Longest that a pause waits for the save, or a person's `saveNow` and `sampleNow`. Milliseconds. */
  readonly pauseSaveMs: number;
  /** Rent kept below the ceiling for the last save. Milliseconds. */
  readonly budgetSaveMs: number;
  /** Rent kept below the ceiling for the teardown. Milliseconds. */
  readonly budgetTeardownMs: number;
  /** How long a failed training waits for `retryTraining`. Milliseconds. */
  readonly retryWindowMs: number;
  /** Heartbeat timeout of long activities. Milliseconds: also the longest that a cancel goes unnoticed. */
  readonly heartbeatTimeoutMs: number;
  /** Start-to-close of short activities. Milliseconds. */
  readonly shortTimeoutMs: number;
  /** Start-to-close of transfers. Milliseconds. */
  readonly transferTimeoutMs: number;
  /** First pause before a step is repeated; doubles up to one minute. Milliseconds. */
  readonly retryIntervalMs: number;
  /** Repeats of one transfer or publish before its failure counts. */
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
  // A save of 350 MB comes home in under a minute at 10 MB/s.
  budgetSaveMs: 3 * MINUTE,
  budgetTeardownMs: 1 * MINUTE,
  retryWindowMs: 7 * DAY,
  heartbeatTimeoutMs: 30 * SECOND,
  shortTimeoutMs: 60 * SECOND,
  transferTimeoutMs: 2 * HOUR,
  retryIntervalMs: 1 * SECOND,
  // The pauses between them add up to about 6 min: a trainer that is away for less than podLostTimeoutMs costs no attempt.
  maxStepTries: 12,
};

/** A pod may show up in the vendor's list a little after the answer to its create call was due. */
const CREATE_WINDOW_MARGIN_MS = 5 * SECOND;

/** How long after it was sent a create call of unknown outcome may still make a pod. Milliseconds. */
export function createWindowMs(createTimeoutMs: number): number {
  return createTimeoutMs + CREATE_WINDOW_MARGIN_MS;
}
