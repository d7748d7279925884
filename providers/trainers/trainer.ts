import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import type { Recipe } from '../../core/recipe.ts';

/**
 * Where a trainer answers and with which password. The password leaves the process only in a header to that address.
 */
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
  /** The folder of the dataset that it is in; letters a-z. Default: the dataset is one folder. */
  readonly folder?: string;
  read(): Promise<Buffer>;
}

/** Photos of a dataset that an epoch shows the same number of times. */
export interface DatasetFolder {
  /** Empty when the dataset is one folder. */
  readonly name: string;
  /** How many times an epoch shows each of its photos, from 1. */
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

/** What the trainer currently says about a job. */
export interface TrainerObservation {
  readonly state: 'queued' | 'running' | 'stopped' | 'completed' | 'failed';
  /** Finished steps; goes back to the last saved one when a job stops. */
  readonly step: number;
  /** What the trainer is doing, or why it failed: the trainer's own text, for operators. */
  readonly info: string;
}

/** A weights file on the trainer. */
export interface TrainerFile {
  readonly filename: string;
  /** Its path on the trainer; unguessable, so not for logs. */
  readonly path: string;
  readonly sizeBytes: number;
  /** Step of a checkpoint; null for the final weights. */
  readonly step: number | null;
}

/** A checkpoint as a job's log reports it. */
export interface LoggedSave {
  readonly step: number;
  /** Counts the saves in the log, from 1. One step can be saved twice: on request, and then on schedule. */
  readonly number: number;
  /** `weights`: they have been written, the optimizer has not. `whole`: both have. */
  readonly state: 'begun' | 'weights' | 'whole';
}

/** What a job's log says about saving and resuming, as far as it has been read. */
export interface TrainerLog {
  /** Takes the next piece of the log. */
  add(text: string): void;
  /**
   * The checkpoint that was started last; null before the first one, and from the final save on, whose optimizer
   * belongs to no checkpoint.
   */
  readonly save: LoggedSave | null;
  /** How many times a checkpoint of this step was started. */
  timesSaved(step: number): number;
  /** What happened to the optimizer's state at the start: `none` when the log does not mention it. */
  readonly optimizer: 'none' | 'loaded' | 'failed';
}

/** A file that is put back on a pod. */
export interface RestoredFile {
  readonly filename: string;
  readonly sizeBytes: number;
  open(): Promise<Readable>;
}

/** A file that the pod fetches by itself during its start. */
export interface PulledFile {
  readonly filename: string;
  readonly sizeBytes: number;
  /** Hex SHA-256. */
  readonly sha256: string;
  /** Signed: must never be logged or stored. */
  readonly url: string;
}

export interface TrainerSample {
  readonly path: string;
  readonly step: number;
  readonly promptIndex: number;
}

/**
 * Drives a training program on a rented machine. Errors are TemperaError: PROVIDER_UNAVAILABLE while the machine cannot
 * be reached, POD_LOST when the trainer no longer knows the job, RECIPE_INVALID when it rejects the job, AUTH for a
 * wrong password.
 */
export interface Trainer {
  readonly name: 'ai-toolkit';
  /** The port it listens on. */
  readonly port: number;
  /** Whether it can fetch gated base models. */
  readonly hasHubToken: boolean;
  /**
   * Environment of its container. A Hub token is in it only when the base model is gated, because vendors show it in
   * plain text.
   */
  environment(params: { readonly password: string; readonly gatedModel: boolean }): Record<string, string>;
  /** Whether the trainer itself answers and accepts our password. Never throws for a machine that is still booting. */
  probe(target: TrainerTarget, signal: AbortSignal): Promise<{ readonly ready: boolean; readonly why: string }>;
  /** Sends photos and captions from `from` on; `onProgress` gets how many photos are there so far. Safe to repeat. */
  uploadDataset(params: {
    readonly target: TrainerTarget;
    readonly datasetName: string;
    readonly photos: readonly TrainingPhoto[];
    readonly from: number;
    readonly onProgress: (uploaded: number) => void;
    readonly signal: AbortSignal;
  }): Promise<void>;
  /** Starts the job of this name, or finds it if it was already started. Returns the trainer's id for it. */
  start(target: TrainerTarget, job: TrainingJob, signal: AbortSignal): Promise<string>;
  observe(target: TrainerTarget, jobId: string, signal: AbortSignal): Promise<TrainerObservation>;
  /**
   * What the machine's GPUs are doing, as of a few seconds ago at most; `idle`: none is computing or holding memory.
   */
  gpu(target: TrainerTarget, signal: AbortSignal): Promise<'busy' | 'idle' | 'unknown'>;
  /** Last value of the loss; null before the first one. */
  loss(target: TrainerTarget, jobId: string, signal: AbortSignal): Promise<number | null>;
  /**
   * The log's new text since `offset`, and the next offset; `isNew`: it is a different log from the one read before.
   */
  log(
    target: TrainerTarget,
    jobId: string,
    offset: number,
    signal: AbortSignal,
  ): Promise<{ readonly text: string; readonly offset: number; readonly isNew: boolean }>;
  /** Weights on the trainer; half-written ones are among them. */
  files(target: TrainerTarget, jobId: string, signal: AbortSignal): Promise<readonly TrainerFile[]>;
  /** The optimizer's state: one file, overwritten at each save. Null before the first save. */
  optimizerState(
    target: TrainerTarget,
    jobId: string,
    signal: AbortSignal,
  ): Promise<{ readonly path: string; readonly sizeBytes: number } | null>;
  /** Interprets the trainer's own log lines; feed it everything from the beginning of the log. */
  createLog(): TrainerLog;
  samples(target: TrainerTarget, jobId: string, signal: AbortSignal): Promise<readonly TrainerSample[]>;
  /** Opens a file for reading. The stream fails if it ends before `sizeBytes`. */
  open(target: TrainerTarget, path: string, signal: AbortSignal): Promise<IncomingMessage>;
  /** Asks for a checkpoint at the end of the current step. */
  saveNow(target: TrainerTarget, jobId: string, signal: AbortSignal): Promise<void>;
  /** Asks for samples at the end of the current step. */
  sampleNow(target: TrainerTarget, jobId: string, signal: AbortSignal): Promise<void>;
  /** Stops a job; returns once it is no longer running. */
  stop(target: TrainerTarget, jobId: string, signal: AbortSignal): Promise<void>;
  /** Largest file that can be put back over HTTP. Bytes. */
  readonly maxRestoreBytes: number;
  /**
   * Start command of a container that fetches checkpoint files by itself and then starts as usual. Vendors show
   * commands in plain text, so its URLs must expire. Throws INTERNAL for a file with an invalid name or hash.
   */
  pullCommand(params: { readonly jobName: string; readonly files: readonly PulledFile[] }): readonly string[];
  /**
   * The outcome of such a command's fetch. After a failure nothing is left that the job would resume from. Call before
   * `start`.
   */
  pulled(params: {
    readonly target: TrainerTarget;
    readonly jobName: string;
    readonly files: readonly { readonly filename: string; readonly sizeBytes: number }[];
    readonly signal: AbortSignal;
  }): Promise<{ readonly status: 'whole' } | { readonly status: 'failed'; readonly why: string }>;
  /** Removes files that `restore` put there, so that the job starts at step 0. Call before `start`. */
  discardRestored(params: {
    readonly target: TrainerTarget;
    readonly jobName: string;
    readonly files: readonly { readonly filename: string }[];
    readonly signal: AbortSignal;
  }): Promise<void>;
  /**
   * Puts checkpoint files where the job of this name will resume from. Call before `start`. Streams them, one after the
   * other. A PROVIDER_UNAVAILABLE caused by an answer has its HTTP status in `ids`.
   */
  restore(params: {
    readonly target: TrainerTarget;
    readonly jobName: string;
    readonly files: readonly RestoredFile[];
    readonly signal: AbortSignal;
  }): Promise<void>;
}
