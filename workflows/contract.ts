/** The contract between whoever starts or signals workflows and the workflows themselves. Safe to import anywhere. */
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

/** The task queues of an installation; the standard ones are also written down in temporal-dev.yaml. */
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
  /** Task queues other than the standard ones; tests run side by side this way. */
  readonly taskQueues?: { readonly io: string; readonly cpu: string };
}

export interface CancelTraining {
  /** Who asked, or why; shown to operators. */
  readonly by?: string;
}

export interface RetryTraining {
  readonly by?: string;
  /** Replaces single values of the request's recipe from the next attempt on. */
  readonly overrides?: RecipeOverrides;
}

/** What the `trainingStatus` query answers. The API reads PostgreSQL instead: a query needs a live worker. */
export interface TrainingState {
  readonly status: TrainingStatus;
  readonly phase: TrainingPhase;
  readonly reason: FailureCode | null;
  /** Counts up over the training's life; 0 before the first attempt. */
  readonly attempt: number;
  /** Position among the attempts of the policy: 1 to 3, starting again after `retryTraining`. */
  readonly attemptOfSet: number;
  readonly podId: string | null;
  readonly costMicroUsd: number;
  /** Null: no ceiling. Micro-dollars. */
  readonly ceilingMicroUsd: number | null;
}

/** Who asked; shown to operators. */
export interface Wish {
  readonly by?: string;
}

export interface RaiseBudget {
  readonly by?: string;
  /** The new ceiling of the whole training. Micro-dollars; not less than what is spent. */
  readonly ceilingMicroUsd: number;
}

/** Saves, brings the save home, ends the pod, and waits for `resumeTraining` without a limit. */
export const pauseTraining = defineSignal<[Wish?]>('pauseTraining');
export const resumeTraining = defineSignal<[Wish?]>('resumeTraining');
/** Asks the trainer for a checkpoint, or for samples, and brings them home; ignored while nothing trains. */
export const saveNow = defineSignal<[Wish?]>('saveNow');
export const sampleNow = defineSignal<[Wish?]>('sampleNow');
/** Sets the ceiling, higher or lower, and answers it. Fails with LIMIT_EXCEEDED when a limit of the user would be exceeded. */
export const raiseBudget = defineUpdate<{ readonly ceilingMicroUsd: number }, [RaiseBudget]>('raiseBudget');

export const cancelTraining = defineSignal<[CancelTraining?]>('cancelTraining');
export const retryTraining = defineSignal<[RetryTraining?]>('retryTraining');
export const trainingStatus = defineQuery<TrainingState>('trainingStatus');

/** How far a trainer is; sent by the watching activity at a few milestones of an attempt. */
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
  /** Pause between two sweeps, for the count of leaked time. Milliseconds; the activity's own default when absent. */
  readonly intervalMs?: number;
  /** How long after a pod's end the vendor's billing counts as complete. Milliseconds; the activity's own default when absent. */
  readonly settleAfterMs?: number;
  /** How long a training must be silent before its workflow is looked for. Milliseconds; the activity's own default when absent. */
  readonly quietAfterMs?: number;
  /** How long a sweep may be silent before it is taken up again. Milliseconds, default 60,000. */
  readonly heartbeatTimeoutMs?: number;
  /** Task queue of the `io` activities. */
  readonly taskQueue?: string;
}
export const SWEEP_PODS_WORKFLOW = 'sweepPodsWorkflow';

/** What a training of the dataset would say: for captions and for the table of buckets. */
export interface CheckRequest {
  readonly triggerWord: string;
  readonly baseModel: BaseModel;
  readonly resolution?: number | readonly number[];
}

/** What starts `checkDatasetWorkflow`, together with the signal `checkAgain`. */
export interface CheckDatasetInput {
  readonly datasetId: string;
  /** Differences from DEFAULT_INTERVALS. */
  readonly intervals?: Partial<Intervals>;
  /** Task queues other than the standard ones. */
  readonly taskQueues?: { readonly io: string; readonly cpu: string };
}
export const CHECK_DATASET_WORKFLOW = 'checkDatasetWorkflow';
export const checkAgain = defineSignal<[CheckRequest]>('checkAgain');

/** One check of a dataset at a time; its id follows from the dataset's. */
export function datasetCheckWorkflowId(datasetId: string): string {
  return `dataset-check/${datasetId}`;
}
