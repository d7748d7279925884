import type { Readable } from 'node:stream';
import type { Checkpoint, CheckpointFile } from '../../core/checkpoint.ts';
import type { Recipe } from '../../core/recipe.ts';
import type { Job } from '../backends/job.ts';

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

/** What is to be trained. */
export interface JobOrder {
  /** Unguessable name of job, folder and files. */
  readonly jobName: string;
  readonly datasetName: string;
  /** Default: one, with all photos shown once in an epoch. */
  readonly folders?: readonly DatasetFolder[];
  readonly recipe: Recipe;
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

/** A training program for rented machines. */
export interface Trainer {
  /** The port it listens on. */
  readonly port: number;
  /** Lowest CUDA version that its image needs, such as "13.0". */
  readonly minCudaVersion: string;
  /** Whether it can fetch gated base models. */
  readonly hasHubToken: boolean;
  /** Largest file that can be put back over HTTP. Bytes. */
  readonly maxRestoreBytes: number;
  /**
   * Environment of its container. A Hub token is in it only when the base model is gated, because vendors show it in
   * plain text.
   */
  environment(params: { readonly password: string; readonly gatedModel: boolean }): Record<string, string>;
  /** The files of a save under the trainer's names, in the order in which they must be put back. */
  partsOf(checkpoint: Checkpoint): readonly CheckpointFile[];
  /**
   * Start command of a container that fetches checkpoint files by itself and then starts as usual. Vendors show
   * commands in plain text, so its URLs must expire. Throws INTERNAL for a file with an invalid name or hash.
   */
  pullCommand(params: { readonly jobName: string; readonly files: readonly PulledFile[] }): readonly string[];
  at(target: TrainerTarget): TrainerSession;
}

/**
 * The program on one machine. Errors are TemperaError: PROVIDER_UNAVAILABLE while the machine cannot be reached, POD_LOST
 * when somebody else's trainer answers in its place, RECIPE_INVALID when it rejects the job.
 */
export interface TrainerSession {
  /** Whether the trainer itself answers and accepts our password. Never throws for a machine that is still booting. */
  probe(signal: AbortSignal): Promise<{ readonly ready: boolean; readonly why: string }>;
  /** Sends photos and captions from `from` on; `onProgress` gets how many photos are there so far. Safe to repeat. */
  uploadDataset(params: {
    readonly datasetName: string;
    readonly photos: readonly TrainingPhoto[];
    readonly from: number;
    readonly onProgress: (uploaded: number) => void;
    readonly signal: AbortSignal;
  }): Promise<void>;
  /**
   * Puts checkpoint files where the job of this name will resume from. Call before `start`. Streams them, one after the
   * other. A PROVIDER_UNAVAILABLE caused by an answer has its HTTP status in `ids`.
   */
  restore(params: {
    readonly jobName: string;
    readonly files: readonly RestoredFile[];
    readonly signal: AbortSignal;
  }): Promise<void>;
  /**
   * The outcome of a pull command's fetch. After a failure nothing is left that the job would resume from. Call before
   * `start`.
   */
  pulled(params: {
    readonly jobName: string;
    readonly files: readonly { readonly filename: string; readonly sizeBytes: number }[];
    readonly signal: AbortSignal;
  }): Promise<{ readonly status: 'whole' } | { readonly status: 'failed'; readonly why: string }>;
  /** Removes files that `restore` put there, so that the job starts at step 0. Call before `start`. */
  discardRestored(params: {
    readonly jobName: string;
    readonly files: readonly { readonly filename: string }[];
    readonly signal: AbortSignal;
  }): Promise<void>;
  /** Starts the job of this name, or finds it if it was already started. Returns the trainer's id for it. */
  start(order: JobOrder, signal: AbortSignal): Promise<string>;
  job(jobId: string): Job;
}
