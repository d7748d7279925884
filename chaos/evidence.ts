/** What a run left behind, as plain data: the checks and the report read nothing else. */
import type { FaultCost } from './fault-kinds.ts';
import type { OutageRecord } from './outages.ts';
import type { ActionRecord } from './play-training.ts';
import type { Book } from './world.ts';

export interface AttemptEvidence {
  readonly number: number;
  readonly status: string;
  readonly reason: string | null;
  readonly startedAtMs: number;
  readonly endedAtMs: number | null;
  readonly resumedFromStep: number | null;
  readonly lastStep: number;
}

/** A save that is at home with weights and optimizer. */
export interface SaveEvidence {
  readonly attempt: number;
  readonly step: number;
  /** When its last file had come. */
  readonly homeAtMs: number;
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
  readonly actions: readonly ActionRecord[];
  /** Reasons of the times it failed by the policy and was retried by the run. */
  readonly failures: readonly string[];
  readonly faults: readonly FaultEvidence[];
  readonly attempts: readonly AttemptEvidence[];
  readonly saves: readonly SaveEvidence[];
  readonly ledger: readonly LedgerEvidence[];
  /** What the ledger of money says: what was spent, and what is still set aside. Micro-dollars. */
  readonly money: { readonly settledMicroUsd: number; readonly reservedMicroUsd: number };
  readonly artifact: readonly StoredFile[];
  readonly publications: readonly { readonly status: string; readonly sha256: string | null }[];
  /** Events `training.ready`. */
  readonly readyEvents: number;
}

export interface Evidence {
  readonly seed: number;
  readonly runs: number;
  readonly trainings: readonly TrainingEvidence[];
  readonly outages: readonly OutageRecord[];
  readonly book: Book;
  /** Number of tags per repository of the hub. */
  readonly tags: Readonly<Record<string, number>>;
  /** Longest that a pod may live without an owner: one sweep, its grace, and the time that a sweep takes. Milliseconds. */
  readonly leakAllowanceMs: number;
  /** Trainings that were never accepted. */
  readonly notAccepted: number;
  readonly durationMs: number;
}
