/** What every activity needs from Temporal: cancellation, heartbeats, and waits that a cancellation interrupts. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Context, activityInfo } from '@temporalio/activity';

export interface Step {
  readonly signal: AbortSignal;
  /** Reports progress, with a small cursor to resume from; without one, the last cursor stays. */
  heartbeat(details?: unknown): void;
  /** The cursor of the last try of this activity; undefined at the first. */
  readonly cursor: unknown;
  /** Waits; a cancellation or shutdown interrupts it. */
  sleep(ms: number): Promise<void>;
}

export function currentStep(): Step {
  const context = Context.current();
  const signal = context.cancellationSignal;
  const cursor: unknown = activityInfo().heartbeatDetails;
  let last = cursor;
  return {
    signal,
    heartbeat: (details = last) => {
      last = details;
      context.heartbeat(details);
    },
    cursor,
    // Not the context's own: each of its sleeps leaves a timer behind until the activity ends (SDK 1.24.0), and a watch
    // sleeps thousands of times.
    async sleep(ms) {
      try {
        await sleep(Math.max(1, ms), undefined, { signal });
      } catch (error) {
        throw signal.aborted ? signal.reason : error;
      }
    },
  };
}

/** Id of the run that this activity belongs to. */
export function currentRunId(): string {
  const { workflowExecution } = activityInfo();
  if (!workflowExecution) throw new Error('This activity was started without a workflow');
  return workflowExecution.runId;
}

/**
 * Heartbeats during one call that has a time limit of its own; never wrap a call without one, or a hang would look
 * alive.
 */
export async function keepAlive<T>(step: Step, boundedCall: Promise<T>): Promise<T> {
  const beat = setInterval(() => step.heartbeat(), 500);
  try {
    return await boundedCall;
  } finally {
    clearInterval(beat);
  }
}
