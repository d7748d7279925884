import type { Artifact } from '../core/artifact.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { claimTraining } from './run-fence.ts';

/** Where a training stands, for a run that takes it over. */
export type Standing =
  /** It is ready: the run ends with the existing result. */
  | {
      readonly status: 'ready';
      readonly costMicroUsd: number;
      readonly sha256: string;
      readonly publications: readonly { readonly position: number; readonly status: 'published' | 'failed' }[];
    }
  /** A person has ended it, so it stays ended. */
  | { readonly status: 'cancelled'; readonly message: string; readonly costMicroUsd: number }
  /** Attempts of the previous run are still open: first of all their pods are terminated and their rows closed. */
  | { readonly status: 'open'; readonly attempts: readonly number[] }
  /** The LoRA is in our store but not settled yet: it is published. */
  | { readonly status: 'at_home'; readonly artifact: Artifact; readonly attempt: number; readonly costMicroUsd: number }
  /** It continues with the attempt after `attempt`, as after `retryTraining`. */
  | { readonly status: 'goes_on'; readonly attempt: number; readonly costMicroUsd: number };

/**
 * Hands a training to the calling run, which must be Temporal's latest, and says where it stands. Safe to repeat.
 * Throws RESET.
 */
export function takeOver(deps: ActivityDependencies) {
  const { repositories } = deps;
  return async ({ trainingId }: { readonly trainingId: string }): Promise<Standing> => {
    const before = await repositories.runs.findRun(trainingId);
    if (before !== null) await claimTraining(deps, trainingId, before);
    const record = await repositories.runs.readRecord(trainingId);
    const { status, artifact, lastAttempt: attempt, openAttempts, costMicroUsd } = record;
    if (status === 'ready') {
      const sha256 = artifact?.files[0]?.sha256 ?? '';
      return { status, costMicroUsd, sha256, publications: record.publications };
    }
    if (status === 'cancelled') return { status, message: record.message ?? 'It was cancelled', costMicroUsd };
    if (openAttempts.length > 0) return { status: 'open', attempts: openAttempts };
    const spentMicroUsd = await repositories.bills.ledgerCost(trainingId);
    if (status === 'training' && artifact !== null)
      return { status: 'at_home', artifact, attempt, costMicroUsd: spentMicroUsd };
    return { status: 'goes_on', attempt, costMicroUsd: spentMicroUsd };
  };
}
