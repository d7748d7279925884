/** What an attempt is given, whatever kind of backend it runs on, and how it ends. */
import type { TrainingPlan } from '../activities/begin-training.ts';
import type { BringHomeInput, BroughtHome } from '../activities/bring-home.ts';
import type { ProvisionedPod } from '../activities/provision-pod.ts';
import type { RestoredCheckpoint } from '../activities/restore-checkpoint.ts';
import type { Artifact } from '../core/artifact.ts';
import type { Intervals } from '../core/interval.ts';
import type { RecipeOverrides } from '../core/recipe.ts';
import type { TrainingPhase } from '../core/status.ts';
import type { activityOptions } from './activity-options.ts';
import type { Money } from './money.ts';
import type { Failed } from './outcome.ts';

export interface AttemptInput {
  readonly plan: TrainingPlan;
  readonly workflowId: string;
  readonly manifestKey: string;
  /** Counts up over the life of the training. */
  readonly attempt: number;
  /** For display: "attempt 2/3". */
  readonly label: string;
  readonly overrides: RecipeOverrides;
  readonly minVramGb: number | undefined;
  readonly intervals: Intervals;
  readonly options: ReturnType<typeof activityOptions>;
  /** What the training may cost, and what it has cost so far. */
  readonly money: Money;
  /** Resolves when a person asks to pause the training; at once if that has already happened. */
  readonly untilPauseRequested: () => Promise<void>;
  /** Serves requests for saves and samples until it is cancelled. */
  readonly serveRequests: (bringHome: (what: BringHomeInput['what']) => Promise<BroughtHome>) => Promise<void>;
  /** Tells operators what the attempt resumes from. */
  readonly noteRestore: (restored: RestoredCheckpoint) => void;
  /** Tells operators why nothing is happening; null: something is. */
  readonly noteWaiting: (reason: string | null) => void;
  /** Tells operators where the attempt stands. */
  readonly enter: (phase: TrainingPhase, pod?: ProvisionedPod) => void;
}

export type AttemptEnd = { readonly status: 'succeeded'; readonly artifact: Artifact } | EndedEarly;

/** Without a LoRA: the failure policy decides what follows. */
export type EndedEarly = {
  readonly status: 'failed';
  /** Memory of the GPU that it ran on; null when that does not matter. */
  readonly vramGb: number | null;
  /** The step of the last save, for a pause. */
  readonly step: number | null;
} & Failed;
