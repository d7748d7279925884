import type { TrainingEntry } from '../core/book.ts';
import type { TrainerFaults } from '../core/faults.ts';
import type { Checkpoints } from './checkpoints.ts';
import type { Job } from './job.ts';
import type { Learner } from './learner.ts';
import type { Toolkit } from './state.ts';
import type { TrainerConfig } from './trainer-config.ts';

/** What the phases of one trainer process share. */
export interface Run {
  toolkit: Toolkit;
  job: Job;
  config: TrainerConfig;
  /** The trainer's own save root; differs from what the UI reads when `config.name` is not the job's name. */
  folder: string;
  checkpoints: Checkpoints;
  photos: string[];
  faults: TrainerFaults;
  learner: Learner;
  lastSavedStep: number;
  /** Its page in the account book. */
  entry: TrainingEntry;
  signal: AbortSignal;
  log: (text: string) => Promise<void>;
  /** Writes status and info the way the trainer does: raw, without moving `updated_at`. */
  report: (info: string, step?: number) => void;
  sleep: (delayMs: number) => Promise<void>;
}

/** How a trainer process ended; `null` = the worker never noticed (zombie row). */
export type Exit = { code: number } | { signal: string } | null;
