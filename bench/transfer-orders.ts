/** The messages between the measuring process and the transferring process. */
import type { JobFile } from '../providers/backends/job.ts';
import type { TrainerTarget } from '../providers/trainers/trainer.ts';
import type { S3StoreOptions } from '../providers/storage/s3.ts';

export type StoreChoice =
  | { readonly kind: 'filesystem'; readonly root: string }
  | ({ readonly kind: 's3' } & S3StoreOptions);

export interface PhotosOrder {
  readonly target: TrainerTarget;
  readonly store: StoreChoice;
  readonly photos: readonly { readonly filename: string; readonly key: string; readonly sizeBytes: number }[];
}

export type Order =
  /** Copies a LoRA to our store and verifies it. */
  | {
      readonly kind: 'copy';
      readonly target: TrainerTarget;
      readonly file: JobFile;
      readonly store: StoreChoice;
      readonly key: string;
    }
  /** Sends photos to the pod. */
  | ({ readonly kind: 'upload' } & PhotosOrder)
  /** The same, keeping every request for `replay`. */
  | ({ readonly kind: 'record' } & PhotosOrder)
  /** Sends the kept requests again, one after the other, with nothing around them. */
  | { readonly kind: 'replay'; readonly sizeBytes: number };

export interface Outcome {
  readonly sizeBytes: number;
  readonly ms: number;
  /** Resident memory before, and the most during the order. */
  readonly idleBytes: number;
  readonly peakBytes: number;
}
