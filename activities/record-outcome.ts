import type { FailureCode } from '../core/failure.ts';
import { DEFAULT_INTERVALS } from '../core/interval.ts';
import { loadTraining } from './begin-training.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { pruneEnded } from './prune-checkpoints.ts';
import { currentRunId } from './step.ts';

export interface AttemptOutcome {
  readonly trainingId: string;
  readonly attempt: number;
  readonly status: 'succeeded' | 'failed' | 'cancelled';
  readonly reason: FailureCode | null;
  readonly message: string | null;
  readonly costMicroUsd: number;
}

/** Closes the row of an attempt, after its pods are gone. */
export function recordAttempt(deps: ActivityDependencies) {
  return async ({ attempt, ...outcome }: AttemptOutcome): Promise<void> => {
    await deps.repositories.attempts.closeAttempt({ ...outcome, number: attempt });
  };
}

/** The LoRA is in our store and published as far as possible: the training is `ready`. */
export function settleTraining(deps: ActivityDependencies) {
  return async ({
    trainingId,
    attempt,
  }: {
    readonly trainingId: string;
    readonly attempt: number;
  }): Promise<{ readonly costMicroUsd: number }> => {
    const { trainings, publications } = deps.repositories;
    const modelUrl = await publications.firstPublishedUrl(trainingId);
    const costMicroUsd = await trainings.recordReady({ trainingId, modelUrl, dedupe: `a${attempt}` });
    await pruneEnded(deps, trainingId);
    return { costMicroUsd };
  };
}

export interface TrainingEnd {
  readonly trainingId: string;
  /** For operators who read the history. */
  readonly attempt: number;
  readonly status: 'failed' | 'cancelled';
  /** Counts the endings of this training: writing the same one twice gives one event. */
  readonly ending: number;
  /** True while the workflow stays open for `retryTraining`. */
  readonly awaitsRetry: boolean;
  /** How long it stays open. Milliseconds; absent in older runs, which use the default. */
  readonly retryWindowMs?: number;
  readonly reason: FailureCode;
  readonly message: string;
}

/** Ends a training without a LoRA; the event is sent once per ending. */
export function endTraining(deps: ActivityDependencies) {
  return async (end: TrainingEnd): Promise<{ readonly costMicroUsd: number }> => {
    const { trainingId, ending, status, reason, message } = end;
    const { awaitsRetry, retryWindowMs = DEFAULT_INTERVALS.retryWindowMs } = end;
    const costMicroUsd = await deps.repositories.trainings.recordEnded({
      trainingId,
      status,
      reason,
      message,
      phase: awaitsRetry ? 'awaiting_retry' : 'done',
      retryUntil: awaitsRetry ? new Date(Date.now() + retryWindowMs) : null,
      // A run that was reset counts its endings from the start.
      dedupe: `${currentRunId()}:e${ending}`,
    });
    if (!awaitsRetry) await pruneEnded(deps, trainingId);
    return { costMicroUsd };
  };
}

/** Records that a training is saved and waits without a pod. Safe to repeat. */
export function recordPaused(deps: ActivityDependencies) {
  return async (paused: {
    readonly trainingId: string;
    readonly attempt: number;
    readonly by: string;
    /** The save that it will resume from; null: this attempt made none. */
    readonly step: number | null;
  }): Promise<void> => {
    await deps.repositories.trainings.recordPaused(paused);
  };
}

/** Asks Temporal to cancel the training's own run, on behalf of the signal: a workflow cannot cancel itself. */
export function requestCancel(deps: ActivityDependencies) {
  return async ({ trainingId }: { readonly trainingId: string }): Promise<void> => {
    await deps.workflows.cancel((await loadTraining(deps, trainingId)).workflowId);
  };
}
