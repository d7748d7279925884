/** What a run left behind, as plain data: the checks and the report read nothing else. */
import type { DestinationKind } from '../core/destination.ts';
import type { Verb } from './act-kinds.ts';
import type { ActRecord } from './acts.ts';
import type { FaultCost } from './fault-kinds.ts';
import type { Book } from './book.ts';

export interface AttemptEvidence {
  readonly number: number;
  readonly status: string;
  readonly reason: string | null;
  readonly startedAtMs: number;
  readonly endedAtMs: number | null;
  readonly resumedFromStep: number | null;
  readonly lastStep: number;
}

/** A file of a save that was in our store at some time during the run, whether or not it was deleted since. */
export interface SaveEvidence {
  readonly attempt: number;
  readonly step: number;
  readonly kind: 'weights' | 'optimizer';
  readonly sha256: string;
  readonly homeAtMs: number;
}

/** A file that is in our store according to our records: of a save that was kept, or a sample. */
export interface HomeFile {
  readonly attempt: number;
  readonly kind: 'weights' | 'optimizer' | 'sample';
  readonly step: number;
  readonly key: string;
  /** Null where our records have none. */
  readonly wantedSha256: string | null;
  /** Hash of the bytes that are really there; null when there is no object. */
  readonly sha256: string | null;
}

/** A stretch of a training's life by its events. */
export interface PhaseEvidence {
  readonly phase: string;
  readonly fromMs: number;
  /** Null for the last one. */
  readonly toMs: number | null;
}

export interface OutageEvidence {
  readonly kind: string;
  /** Epoch milliseconds. */
  readonly fromMs: number;
  readonly toMs: number;
  /** False when there was nothing to break, such as a store that cannot be shut. */
  readonly done: boolean;
  /** True when it was done and, where it is a fault of a vendor, was met at least once. */
  readonly struck: boolean;
}

/** A person's act as it was planned. */
export interface ActEvidence {
  readonly kind: string;
  /** True when at least one of its requests was accepted. */
  readonly struck: boolean;
}

export interface LedgerEvidence {
  readonly name: string;
  readonly externalId: string | null;
  readonly costMicroUsd: number;
  readonly costSettled: boolean;
}

export interface StoredFile {
  readonly key: string;
  readonly wantedSha256: string;
  readonly wantedBytes: number;
  /** Hash of the bytes that are really there; null when there is no object. */
  readonly sha256: string | null;
  readonly sizeBytes: number | null;
}

export interface FaultEvidence {
  readonly kind: string;
  readonly costs: FaultCost;
  /** Number of the attempt that it was meant for. */
  readonly attempt: number;
  /** True when it struck at least once. */
  readonly struck: boolean;
}

export interface TrainingEvidence {
  readonly index: number;
  readonly id: string;
  readonly repo: string;
  readonly status: string;
  readonly phase: string;
  readonly reason: string | null;
  readonly message: string | null;
  /** Temporal's word: RUNNING, COMPLETED, FAILED, CANCELLED, TERMINATED. */
  readonly workflow: string;
  readonly closedAtMs: number | null;
  readonly costMicroUsd: number;
  /** Names of all kinds that the plan brought together in it. */
  readonly kinds: readonly string[];
  readonly planned: readonly ActEvidence[];
  /** The requests that were really sent. */
  readonly acts: readonly ActRecord[];
  readonly phases: readonly PhaseEvidence[];
  /** Weights files in each of its saves and in its artifact. */
  readonly filesPerSave: number;
  /** Reasons of the times it failed by the policy and was retried by the run. */
  readonly failures: readonly string[];
  readonly faults: readonly FaultEvidence[];
  readonly attempts: readonly AttemptEvidence[];
  readonly saves: readonly SaveEvidence[];
  readonly home: readonly HomeFile[];
  readonly ledger: readonly LedgerEvidence[];
  /** What the ledger of money says: what was spent, and what is still set aside. Micro-dollars. */
  readonly money: { readonly settledMicroUsd: number; readonly reservedMicroUsd: number };
  readonly artifact: readonly StoredFile[];
  readonly destinations: readonly DestinationKind[];
  readonly publications: readonly {
    readonly kind: DestinationKind;
    readonly status: string;
    readonly sha256: string | null;
  }[];
  /** Hashes of what lies in the bucket under its name. */
  readonly bucket: readonly string[];
  /** Events `training.ready`. */
  readonly readyEvents: number;
}

export interface Evidence {
  readonly seed: number;
  readonly runs: number;
  readonly trainings: readonly TrainingEvidence[];
  readonly outages: readonly OutageEvidence[];
  readonly book: Book;
  /** Number of tags per repository of the hub. */
  readonly tags: Readonly<Record<string, number>>;
  /**
   * Longest that a pod may live without an owner: one sweep, its grace, and the time that a sweep takes. Milliseconds.
   */
  readonly leakAllowanceMs: number;
  /** Trainings that were never accepted. */
  readonly notAccepted: number;
  readonly durationMs: number;
}

/** How many times a person's act was taken. */
export function took({ acts }: TrainingEvidence, wanted: Verb): number {
  return acts.filter(({ verb, taken }) => verb === wanted && taken).length;
}
