import { newestCheckpoint } from '../core/checkpoint.ts';
import type { Checkpoint } from '../core/checkpoint.ts';
import { BASE_MODEL_FACTS } from '../core/base-model.ts';
import { rentMicroUsd } from '../core/money.ts';
import type { RecipeOverrides } from '../core/recipe.ts';
import type { AttemptTrace } from '../prisma/repositories/attempts.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { readObject } from './dataset-manifest.ts';
import { recipeOf } from './start-training.ts';
import { currentStep, keepAlive } from './step.ts';
import { targetOf } from './upload-dataset.ts';
import type { PodStepInput } from './upload-dataset.ts';

export interface RestoreCheckpointInput extends PodStepInput {
  readonly overrides: RecipeOverrides;
}

export type RestoredCheckpoint =
  | {
      readonly status: 'restored';
      readonly fromStep: number;
      readonly with: 'restored' | 'weights_only';
      readonly lostSteps: number;
      readonly lostMs: number;
      readonly lostMicroUsd: number;
    }
  /** The attempt begins at step 0, because of `why`. */
  | { readonly status: 'from_zero'; readonly why: string; readonly lostSteps: number };

/**
 * Puts the newest save of the earlier attempts on the pod, so that the training goes on there, and records what was lost.
 * Safe to repeat. A save that does not fit is no failure: the attempt begins at step 0 and says why.
 */
export function restoreCheckpoint(deps: ActivityDependencies) {
  return async (input: RestoreCheckpointInput): Promise<RestoredCheckpoint> => {
    const step = currentStep();
    const { trainingId, attempt } = input;
    const recipe = await recipeOf(deps, trainingId, input.overrides);
    const earlier = await deps.repositories.attempts.earlierAttempts(trainingId, attempt);
    const files = await deps.repositories.attempts.checkpointFiles(trainingId);
    // A save that an attempt went on from without making one step is not trusted again.
    const stuckAt = new Set(
      earlier
        .filter((one) => one.resumedFromStep !== null && one.lastStep <= one.resumedFromStep)
        .map((one) => one.resumedFromStep),
    );
    const checkpoint = newestCheckpoint(
      files.filter((file) => file.attempt < attempt && !stuckAt.has(file.step)),
      { filesPerSave: BASE_MODEL_FACTS[recipe.baseModel].filesPerCheckpoint, steps: recipe.steps },
    );
    const from = earlier.find(({ number }) => number === checkpoint?.attempt);
    const obstacle = obstacleTo(checkpoint, from, recipe, deps.trainer.maxRestoreBytes);
    const lastStep = earlier[0]?.lastStep ?? 0;
    if (checkpoint === null || obstacle !== null)
      return { status: 'from_zero', why: obstacle ?? 'No save had come home', lostSteps: lastStep };

    // The weights last: the newest file is what the trainer goes on from.
    const parts = [...(checkpoint.optimizer ? [checkpoint.optimizer] : []), ...checkpoint.weights];
    await keepAlive(
      step,
      deps.trainer.restore({
        target: targetOf(deps, input),
        jobName: deps.secrets.jobName(trainingId),
        files: parts.map(({ kind, filename, storageKey }) => ({
          filename: kind === 'optimizer' ? 'optimizer.pt' : filename,
          read: () => readObject(deps.store, storageKey, step.signal),
        })),
        signal: step.signal,
      }),
    );
    const resume = {
      fromStep: checkpoint.step,
      with: checkpoint.optimizer ? ('restored' as const) : ('weights_only' as const),
      ...lossOf(checkpoint, earlier[0]),
    };
    await deps.repositories.attempts.recordResume({ trainingId, number: attempt, ...resume });
    return { status: 'restored', ...resume };
  };
}

/** Why a save cannot be gone on from; null when it can. */
function obstacleTo(
  checkpoint: Checkpoint | null,
  from: AttemptTrace | undefined,
  recipe: { readonly rank: number; readonly steps: number },
  maxBytes: number,
): string | null {
  if (checkpoint === null) return null;
  if (from?.rank !== recipe.rank) return `The save has rank ${from?.rank ?? 'unknown'}, the recipe ${recipe.rank}`;
  if (checkpoint.step > recipe.steps)
    return `The save is at step ${checkpoint.step}, beyond the ${recipe.steps} wanted`;
  const large = [...checkpoint.weights, ...(checkpoint.optimizer ? [checkpoint.optimizer] : [])].find(
    ({ sizeBytes }) => sizeBytes > maxBytes,
  );
  return large ? `A file of the save has ${large.sizeBytes} bytes, more than the ${maxBytes} that can be sent` : null;
}

/** Steps that must be made again, how long they had taken, and what the pod had cost meanwhile. */
function lossOf({ step }: Checkpoint, ended: AttemptTrace | undefined) {
  const lostSteps = Math.max(0, (ended?.lastStep ?? 0) - step);
  const lostMs = Math.round(lostSteps * (ended?.secondsPerStep ?? 0) * 1_000);
  return { lostSteps, lostMs, lostMicroUsd: rentMicroUsd(ended?.hourlyMicroUsd ?? 0, lostMs) };
}
