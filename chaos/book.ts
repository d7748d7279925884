/** The part of the emulator's account book (emulator/README.md) that the checks read. */
import type * as emulator from '../emulator/client.ts';

export type BookPod = Pick<
  emulator.PodEntry,
  'id' | 'name' | 'createdAtMs' | 'deletedAtMs' | 'endedBy' | 'billedSeconds' | 'costMicroUsd'
>;

/** A file that a trainer wrote, recorded once it was complete. */
export type BookFile = Pick<emulator.SavedFile, 'path' | 'step' | 'sha256'>;

export type BookTraining = Pick<
  emulator.TrainingEntry,
  'podId' | 'startedAtMs' | 'endedAtMs' | 'resumedFromStep' | 'lastStep' | 'lastSavedStep'
> & { readonly files: readonly BookFile[] };

export type Book = Pick<emulator.Book, 'nowMs' | 'costMicroUsd'> & {
  readonly pods: readonly BookPod[];
  readonly trainings: readonly BookTraining[];
  readonly hubCommits: readonly Pick<emulator.HubCommitEntry, 'repo' | 'oid' | 'files'>[];
  readonly aliveNow: readonly object[];
};
