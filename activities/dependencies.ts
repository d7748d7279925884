import type { Captioner } from '../core/captioner.ts';
import type { DestinationKind } from '../core/destination.ts';
import type { SpendLimits } from '../core/spend-limit.ts';
import type { Curator } from '../curation/contract.ts';
import type { Compute } from '../providers/compute/compute.ts';
import type { PodSecrets } from '../providers/pod-secrets.ts';
import type { Publisher } from '../providers/publishing/publisher.ts';
import type { ObjectStore } from '../providers/storage/object-store.ts';
import type { Trainer } from '../providers/trainers/trainer.ts';
import type { Repositories } from '../prisma/repositories/index.ts';
import type { StartableTraining } from '../workflows/start-options.ts';

/** What activities may ask Temporal about workflows other than their own. */
export interface WorkflowDirectory {
  /** Whether a workflow of this id exists and is open. Throws PROVIDER_UNAVAILABLE when Temporal cannot say. */
  isOpen(workflowId: string): Promise<boolean>;
  /** Id of the latest run of a workflow; null when there is no such workflow. Throws PROVIDER_UNAVAILABLE. */
  currentRun(workflowId: string): Promise<string | null>;
  /** When a workflow ended, in whatever way; null for one that is open or unknown. Throws PROVIDER_UNAVAILABLE. */
  closedAt(workflowId: string): Promise<Date | null>;
  /**
   * Starts a training's workflow unless it is running or has run; `ended_by_hand`: somebody terminated or cancelled it,
   * so it stays ended.
   */
  startTraining(training: StartableTraining): Promise<'running' | 'ended_by_hand'>;
  /** Asks Temporal to cancel a workflow; it is no error if it has already ended. */
  cancel(workflowId: string): Promise<void>;
  /**
   * Reports a pod's progress to its running training, for the Web UI. It is no error if the training has already ended.
   */
  reportProgress(
    workflowId: string,
    progress: { readonly step: number; readonly totalSteps: number; readonly etaMs: number | null },
  ): Promise<void>;
}

/** All outside dependencies of the activities; built once per process in workers/dependencies.ts. */
export interface ActivityDependencies {
  readonly repositories: Repositories;
  readonly store: ObjectStore;
  readonly curator: Curator;
  /** Describes photos without a caption; null: a template does. */
  readonly captioner: Captioner | null;
  readonly compute: Compute;
  readonly trainer: Trainer;
  readonly publishers: Readonly<Record<DestinationKind, Publisher | null>>;
  readonly secrets: PodSecrets;
  readonly workflows: WorkflowDirectory;
  /** Name of the installation; part of every pod's name. */
  readonly environment: string;
  /** The installation's spending limits; a user's own take precedence. */
  readonly limits: SpendLimits;
  readonly pod: { readonly image: string; readonly diskGb: number };
  /** How many of a training's saves keep their weights. */
  readonly keepCheckpoints: number;
}
