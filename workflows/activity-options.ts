/** How each kind of step is retried, timed and cancelled. Every limit comes from the workflow's input. */
import type { ActivityOptions } from '@temporalio/common';
import { ActivityCancellationType } from '@temporalio/common';
import type { Intervals } from '../core/interval.ts';

/**
 * With the SDK's default, teardown would race a call to the pod that is still in flight (SDK 1.24.0, verified 2026-11).
 */
const cancellationType = ActivityCancellationType.WAIT_CANCELLATION_COMPLETED;
const MAX_RETRY_INTERVAL_MS = 60_000;

interface Queues {
  readonly io: string;
  readonly cpu: string;
}

/** The retry policy, time limits and queue of every kind of step. */
export function activityOptions(intervals: Intervals, queues: Queues) {
  const retry = {
    initialInterval: intervals.retryIntervalMs,
    backoffCoefficient: 2,
    maximumInterval: MAX_RETRY_INTERVAL_MS,
  };
  const heartbeatTimeout = intervals.heartbeatTimeoutMs;
  const io = { taskQueue: queues.io, cancellationType };
  return {
    /** Writes of a few rows: retried until the database is back. */
    record: { ...io, startToCloseTimeout: intervals.shortTimeoutMs, retry },
    curate: {
      taskQueue: queues.cpu,
      cancellationType,
      startToCloseTimeout: intervals.transferTimeoutMs,
      heartbeatTimeout,
      retry: { ...retry, maximumAttempts: intervals.maxStepTries },
    },
    /** A vendor that is down gets as long as a vendor without capacity. */
    provision: {
      ...io,
      startToCloseTimeout: intervals.transferTimeoutMs,
      scheduleToCloseTimeout: intervals.capacityTimeoutMs,
      heartbeatTimeout,
      retry,
    },
    awaitReady: { ...io, startToCloseTimeout: intervals.podReadyTimeoutMs * 2, heartbeatTimeout, retry },
    /** Calls to a pod: when these tries fail, the pod counts as lost. */
    pod: {
      ...io,
      startToCloseTimeout: intervals.transferTimeoutMs,
      heartbeatTimeout,
      retry: { ...retry, maximumAttempts: intervals.maxStepTries },
    },
    start: {
      ...io,
      startToCloseTimeout: intervals.shortTimeoutMs,
      retry: { ...retry, maximumAttempts: intervals.maxStepTries },
    },
    /** Worker restarts and heartbeat timeouts use up tries too, so a watch is limited only by time. */
    watch: {
      ...io,
      startToCloseTimeout: intervals.trainingTimeoutMs,
      scheduleToCloseTimeout: intervals.trainingTimeoutMs,
      heartbeatTimeout,
      retry,
    },
    /**
     * A save or samples requested by a person, a pause or the ceiling: the training continues, or ends, without them if
     * need be.
     */
    bringHome: {
      ...io,
      startToCloseTimeout: intervals.pauseSaveMs * 2 + intervals.shortTimeoutMs,
      scheduleToCloseTimeout: intervals.pauseSaveMs * 2 + intervals.shortTimeoutMs,
      heartbeatTimeout,
      retry,
    },
    /** Never given up: a pod that is not confirmed gone may still bill. */
    tearDown: {
      ...io,
      startToCloseTimeout: intervals.createTimeoutMs + 5 * intervals.shortTimeoutMs,
      heartbeatTimeout,
      retry,
    },
    publish: {
      ...io,
      startToCloseTimeout: intervals.transferTimeoutMs,
      heartbeatTimeout,
      retry: { ...retry, maximumAttempts: intervals.maxStepTries },
    },
  } as const satisfies Record<string, ActivityOptions>;
}
