/** A training under way, wherever it runs: what the steps that follow it to its end ask and fetch. */
import type { Readable } from 'node:stream';
import type { TemperaError } from '../../core/failure.ts';

/** What the trainer currently says about a job. */
export interface JobObservation {
  readonly state: 'queued' | 'running' | 'stopped' | 'completed' | 'failed';
  /** Finished steps; goes back to the last saved one when a job stops. */
  readonly step: number;
  /** What the trainer is doing, or why it failed: the trainer's own text, for operators. */
  readonly info: string;
}

/** A weights file of a job. */
export interface JobFile {
  readonly filename: string;
  /** Where the trainer keeps it; unguessable, so not for logs. */
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
export interface JobLog {
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

export interface JobSample {
  readonly path: string;
  readonly step: number;
  readonly promptIndex: number;
}

/** Judges the bytes of a file while they pass. */
export interface FileCheck {
  add(chunk: Buffer): void;
  /** What is wrong with the whole file; null when nothing is. */
  fault(): string | null;
}

/**
 * One job. Errors are TemperaError: PROVIDER_UNAVAILABLE while it cannot be asked, POD_LOST when nobody knows the job
 * any more.
 */
export interface Job {
  observe(signal: AbortSignal): Promise<JobObservation>;
  /** Last value of the loss; null before the first one. */
  loss(signal: AbortSignal): Promise<number | null>;
  /**
   * The log's new text since `offset`, and the next offset; `isNew`: it is a different log from the one read before.
   * For an offset beyond its end only the log's tail.
   */
  log(
    offset: number,
    signal: AbortSignal,
  ): Promise<{ readonly text: string; readonly offset: number; readonly isNew: boolean }>;
  /** Interprets the job's log lines; feed it everything from the beginning of the log. */
  createLog(): JobLog;
  /** Weights of the job; half-written ones are among them. */
  files(signal: AbortSignal): Promise<readonly JobFile[]>;
  /** The optimizer's state: one file, overwritten at each save. Null before the first save. */
  optimizerState(signal: AbortSignal): Promise<Pick<JobFile, 'path' | 'sizeBytes'> | null>;
  /** Tells a whole file of the optimizer's state from a part of one. */
  createOptimizerCheck(): FileCheck;
  samples(signal: AbortSignal): Promise<readonly JobSample[]>;
  /** Opens a file for reading. The stream fails if it ends before `sizeBytes`. */
  open(path: string, signal: AbortSignal): Promise<Readable>;
  /** What its GPUs are doing, as of a few seconds ago at most; `idle`: none is computing or holding memory. */
  gpu(signal: AbortSignal): Promise<'busy' | 'idle' | 'unknown'>;
  /** Asks for a checkpoint at the end of the current step. */
  saveNow(signal: AbortSignal): Promise<void>;
  /** Asks for samples at the end of the current step. */
  sampleNow(signal: AbortSignal): Promise<void>;
  /**
   * Why a failed job failed, by its own text and the end of its log: OUT_OF_MEMORY, GATED_MODEL, or just TRAINER_ERROR.
   * Both texts without secrets.
   */
  failure(info: string, logTail: string): TemperaError;
}
