/** The contract between the workflows and those who start or signal them. Safe to import anywhere. */
import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { BaseModel } from '../core/base-model.ts';
import type { FailureCode } from '../core/failure.ts';
import type { Intervals } from '../core/interval.ts';
import type { RecipeOverrides } from '../core/recipe.ts';
import type { TrainingPhase, TrainingStatus } from '../core/status.ts';

export interface TaskQueues {
  readonly workflow: string;
  readonly io: string;
  readonly cpu: string;
}

/** The task queues of an installation; the standard ones are also listed in temporal-dev.yaml. */
export function taskQueues(prefix = 'lora'): TaskQueues {
  return { workflow: `${prefix}-workflow`, io: `${prefix}-io`, cpu: `${prefix}-cpu` };
}

export const TASK_QUEUES = taskQueues();
/** Name under which the workflow is registered with Temporal. */
export const TRAIN_LORA_WORKFLOW = 'trainLoraWorkflow';

/** One training, one workflow: its id follows from the training's. */
export function trainingWorkflowId(trainingId: string): string {
  return `lora-training/${trainingId}`;
}

export interface TrainLoraInput {
  readonly trainingId: string;
  /** Differences from DEFAULT_INTERVALS. */
  readonly intervals?: Partial<Intervals>;
  /** Non-standard task queues; they let tests run side by side. */
  readonly taskQueues?: { readonly io: string; readonly cpu: string };
}

/** What a run that is Completed returns; a run that finds its training ready already returns the same. */
export interface TrainLoraResult {
  readonly status: 'ready';
  readonly costMicroUsd: number;
  readonly sha256: string;
  readonly publications: readonly { readonly position: number; readonly status: 'published' | 'failed' }[];
}

export interface CancelTraining {
  /** Who asked for it, or why; shown to operators. */
  readonly by?: string;
}

export interface RetryTraining {
  readonly by?: string;
  /** Replaces individual values of the requested recipe, from the next attempt on. */
  readonly overrides?: RecipeOverrides;
}

/** What the `trainingStatus` query answers. The API reads PostgreSQL instead: a query needs a live worker. */
export interface TrainingState {
  readonly status: TrainingStatus;
  readonly phase: TrainingPhase;
  readonly reason: FailureCode | null;
  /** Counts up over the life of the training; 0 before the first attempt. */
  readonly attempt: number;
  /** Position in the current set of attempts: 1 to 3, starting over after `retryTraining`. */
  readonly attemptOfSet: number;
  readonly podId: string | null;
  readonly costMicroUsd: number;
  /** Null: no ceiling. Micro-dollars. */
  readonly ceilingMicroUsd: number | null;
}

/** Who asked for it; shown to operators. */
export interface Requester {
  readonly by?: string;
}

export interface RaiseBudget {
  readonly by?: string;
  /** The new ceiling for the whole training. Micro-dollars; not less than what has been spent. */
  readonly ceilingMicroUsd: number;
}

/** Saves, copies the save to our store, terminates the pod, and waits for `resumeTraining` without a time limit. */
export const pauseTraining = defineSignal<[Requester?]>('pauseTraining');
export const resumeTraining = defineSignal<[Requester?]>('resumeTraining');
/**
 * Asks the trainer for a checkpoint, or for samples, and copies them to our store; ignored while nothing is training.
 */
export const saveNow = defineSignal<[Requester?]>('saveNow');
export const sampleNow = defineSignal<[Requester?]>('sampleNow');
/** Raises or lowers the ceiling and returns it. Fails with LIMIT_EXCEEDED if a limit of the user would be exceeded. */
export const raiseBudget = defineUpdate<{ readonly ceilingMicroUsd: number }, [RaiseBudget]>('raiseBudget');

export const cancelTraining = defineSignal<[CancelTraining?]>('cancelTraining');
export const retryTraining = defineSignal<[RetryTraining?]>('retryTraining');
export const trainingStatus = defineQuery<TrainingState>('trainingStatus');

/** The trainer's progress; sent by the watching activity at a few milestones of an attempt. */
export interface ReportProgress {
  readonly step: number;
  readonly totalSteps: number;
  readonly etaMs: number | null;
}
export const reportProgress = defineSignal<[ReportProgress]>('reportProgress');

/** What the schedule hands to `sweepPodsWorkflow`. */
export interface SweepPodsInput {
  /** How old a pod must be before it can be swept. Milliseconds. */
  readonly graceMs: number;
  /** Pause between two sweeps, used to count leaked time. Milliseconds; the activity's own default when absent. */
  readonly intervalMs?: number;
  /**
   * How long after a pod's end the vendor's billing counts as complete. Milliseconds; the activity's own default when
   * absent.
   */
  readonly settleAfterMs?: number;
  /**
   * How long a training must be silent before its workflow is looked for. Milliseconds; the activity's own default when
   * absent.
   */
  readonly quietAfterMs?: number;
  /** How long a sweep may be silent before it is retried. Milliseconds, default 60,000. */
  readonly heartbeatTimeoutMs?: number;
  /** Task queue of the `io` activities. */
  readonly taskQueue?: string;
}
export const SWEEP_PODS_WORKFLOW = 'sweepPodsWorkflow';

/** What a training on the dataset would use: for captions and the table of buckets. */
export interface CheckRequest {
  readonly triggerWord: string;
  readonly baseModel: BaseModel;
  readonly resolution?: number | readonly number[];
}

/** The input of `checkDatasetWorkflow`, which is started with the signal `checkAgain`. */
export interface CheckDatasetInput {
  readonly datasetId: string;
  /** Differences from DEFAULT_INTERVALS. */
  readonly intervals?: Partial<Intervals>;
  /** Non-standard task queues. */
  readonly taskQueues?: { readonly io: string; readonly cpu: string };
}
export const CHECK_DATASET_WORKFLOW = 'checkDatasetWorkflow';
export const checkAgain = defineSignal<[CheckRequest]>('checkAgain');

/** One check of a dataset at a time; its id follows from the dataset's. */
export function datasetCheckWorkflowId(datasetId: string): string {
  return `dataset-check/${datasetId}`;
}
