import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import type { Recipe } from '../../core/recipe.ts';

/** Where a trainer answers and with which password. The password never leaves the process but in a header to that address. */
export interface TrainerTarget {
  readonly baseUrl: string;
  readonly password: string;
}

/** One photo with its caption, as curation prepared it. */
export interface TrainingPhoto {
  /** Unique ASCII name such as `0001.jpg`; the caption becomes `0001.txt`. */
  readonly filename: string;
  readonly caption: string;
  readonly sizeBytes: number;
  /** Folder of the dataset that it lies in, of a-z. Default: the dataset is one folder. */
  readonly folder?: string;
  read(): Promise<Buffer>;
}

/** Photos of a dataset that an epoch shows equally often. */
export interface DatasetFolder {
  /** Empty when the dataset is one folder. */
  readonly name: string;
  /** How often an epoch shows each photo of it, from 1. */
  readonly repeats: number;
}

export interface TrainingJob {
  /** Unguessable name of job, folder and files. */
  readonly jobName: string;
  readonly datasetName: string;
  /** Default: one, with all photos shown once in an epoch. */
  readonly folders?: readonly DatasetFolder[];
  readonly recipe: Recipe;
}

/** What the trainer says of a job now. */
export interface TrainerObservation {
  readonly state: 'queued' | 'running' | 'stopped' | 'completed' | 'failed';
  /** Finished steps; falls back to the last saved one when a job stops. */
  readonly step: number;
  /** What the trainer is busy with, or why it failed. Text of the trainer, for operators. */
  readonly info: string;
}

/** A weights file on the trainer. */
export interface TrainerFile {
  readonly filename: string;
  /** Where it lies on the trainer; unguessable, so not for logs. */
  readonly path: string;
  readonly sizeBytes: number;
  /** Step of a checkpoint; null for the final weights. */
  readonly step: number | null;
}

/** A checkpoint as the log of a job tells of it. */
export interface LoggedSave {
  readonly step: number;
  /** Counts the saves of the log from 1. One step can be saved twice: on request, and then by schedule. */
  readonly number: number;
  /** `weights`: they are written, the optimizer is not. `whole`: both are. */
  readonly state: 'begun' | 'weights' | 'whole';
}

/** What the log of a job says of saving and resuming, as far as it was read. */
export interface TrainerLog {
  /** Takes the next piece of the log, as it comes. */
  add(text: string): void;
  /** The checkpoint that began last; null before the first one, and from the final save on, whose optimizer belongs to no checkpoint. */
  readonly save: LoggedSave | null;
  /** How often a checkpoint of this step was begun. */
  timesSaved(step: number): number;
  /** What became of the optimizer's state at the start: `none` when the log does not mention it. */
  readonly optimizer: 'none' | 'loaded' | 'failed';
}

/** A file that is put back on a pod. */
export interface RestoredFile {
  readonly filename: string;
  readonly sizeBytes: number;
  open(): Promise<Readable>;
}

/** A file that the pod fetches by itself while it starts. */
export interface PulledFile {
  readonly filename: string;
  readonly sizeBytes: number;
  /** Hex SHA-256. */
  readonly sha256: string;
  /** Signed: never to be logged or stored. */
  readonly url: string;
}

export interface TrainerSample {
  readonly path: string;
  readonly step: number;
  readonly promptIndex: number;
}

/**
 * Drives a training program on a rented machine. Errors are TemperaError: PROVIDER_UNAVAILABLE while the machine cannot be
 * reached, POD_LOST when the trainer has forgotten the job, RECIPE_INVALID when it refuses the job, AUTH for a wrong password.
 */
export interface Trainer {
  readonly name: 'ai-toolkit';
  /** The port it listens on. */
  readonly port: number;
  /** Whether it can fetch gated base models. */
  readonly hasHubToken: boolean;
  /** Environment of its container. A token for the Hub is in it only when the base model is gated, since vendors show it in clear. */
  environment(params: { readonly password: string; readonly gatedModel: boolean }): Record<string, string>;
  /** Whether it answers, as itself and to our password. Never throws for a machine that is still booting. */
  probe(target: TrainerTarget, signal: AbortSignal): Promise<{ readonly ready: boolean; readonly why: string }>;
  /** Sends photos and captions from `from` on; `onProgress` tells how many photos are there now. Repeating it is harmless. */
  uploadDataset(params: {
    readonly target: TrainerTarget;
    readonly datasetName: string;
    readonly photos: readonly TrainingPhoto[];
    readonly from: number;
    readonly onProgress: (uploaded: number) => void;
    readonly signal: AbortSignal;
  }): Promise<void>;
  /** Starts the job of this name, or finds it when it was started before. Returns the trainer's id of it. */
  start(target: TrainerTarget, job: TrainingJob, signal: AbortSignal): Promise<string>;
  observe(target: TrainerTarget, jobId: string, signal: AbortSignal): Promise<TrainerObservation>;
  /** What the machine's GPUs do now, at most some seconds ago; `idle`: none computes or holds anything. */
  gpu(target: TrainerTarget, signal: AbortSignal): Promise<'busy' | 'idle' | 'unknown'>;
  /** Last value of the loss; null before the first one. */
  loss(target: TrainerTarget, jobId: string, signal: AbortSignal): Promise<number | null>;
  /** New text of the log since `offset`, and the offset to go on from; `isNew`: it is another log than the one that was read before. */
  log(
    target: TrainerTarget,
    jobId: string,
    offset: number,
    signal: AbortSignal,
  ): Promise<{ readonly text: string; readonly offset: number; readonly isNew: boolean }>;
  /** Weights on the trainer; half-written ones are among them. */
  files(target: TrainerTarget, jobId: string, signal: AbortSignal): Promise<readonly TrainerFile[]>;
  /** The optimizer's state: one file, written over at each save. Null before the first save. */
  optimizerState(
    target: TrainerTarget,
    jobId: string,
    signal: AbortSignal,
  ): Promise<{ readonly path: string; readonly sizeBytes: number } | null>;
  /** Reads the trainer's own log lines; give it everything from the beginning of the log. */
  createLog(): TrainerLog;
  samples(target: TrainerTarget, jobId: string, signal: AbortSignal): Promise<readonly TrainerSample[]>;
  /** Opens a file for reading. The stream fails when it ends before `sizeBytes`. */
  open(target: TrainerTarget, path: string, signal: AbortSignal): Promise<IncomingMessage>;
  /** Asks for a checkpoint at the end of the current step. */
  saveNow(target: TrainerTarget, jobId: string, signal: AbortSignal): Promise<void>;
  /** Asks for samples at the end of the current step. */
  sampleNow(target: TrainerTarget, jobId: string, signal: AbortSignal): Promise<void>;
  /** Stops a job; returns once it does not run any more. */
  stop(target: TrainerTarget, jobId: string, signal: AbortSignal): Promise<void>;
  /** Largest file that can be put back over HTTP. Bytes. */
  readonly maxRestoreBytes: number;
  /**
   * Start command of a container that fetches checkpoint files by itself and then starts as always. Vendors show a command in
   * clear, so its URLs must expire. Throws INTERNAL for a file whose name or hash is none.
   */
  pullCommand(params: { readonly jobName: string; readonly files: readonly PulledFile[] }): readonly string[];
  /** What the fetch of such a command came to. After a failed one nothing is left that the job would go on from. Call before `start`. */
  pulled(params: {
    readonly target: TrainerTarget;
    readonly jobName: string;
    readonly files: readonly { readonly filename: string; readonly sizeBytes: number }[];
    readonly signal: AbortSignal;
  }): Promise<{ readonly status: 'whole' } | { readonly status: 'failed'; readonly why: string }>;
  /** Removes files that `restore` has put there, so that the job begins at step 0. Call before `start`. */
  discardRestored(params: {
    readonly target: TrainerTarget;
    readonly jobName: string;
    readonly files: readonly { readonly filename: string }[];
    readonly signal: AbortSignal;
  }): Promise<void>;
  /**
   * Puts checkpoint files where the job of this name will resume from. Call before `start`. Streams them, one after the other.
   * A PROVIDER_UNAVAILABLE of an answer has its HTTP status in `ids`.
   */
  restore(params: {
    readonly target: TrainerTarget;
    readonly jobName: string;
    readonly files: readonly RestoredFile[];
    readonly signal: AbortSignal;
  }): Promise<void>;
}
