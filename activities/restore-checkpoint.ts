import type { Checkpoint } from '../core/checkpoint.ts';
import { rentMicroUsd } from '../core/money.ts';
import type { RecipeOverrides } from '../core/recipe.ts';
import type { AttemptTrace } from '../prisma/repositories/attempts.ts';
import { checkpointParts, chooseCheckpoint, storeObstacle } from './choose-checkpoint.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { openObject } from './dataset-manifest.ts';
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
 * Safe to repeat. A save that does not fit, or that the pod could not fetch, is no failure: the attempt begins at step 0 and says why.
 */
export function restoreCheckpoint(deps: ActivityDependencies) {
  return async (input: RestoreCheckpointInput): Promise<RestoredCheckpoint> => {
    const step = currentStep();
    const { trainingId, attempt } = input;
    const choice = await chooseCheckpoint(deps, input);
    const fromZero = (why: string) => ({
      status: 'from_zero' as const,
      why,
      lostSteps: choice.earlier[0]?.lastStep ?? 0,
    });
    if (choice.status === 'none') return fromZero(choice.why);
    const { checkpoint } = choice;
    const target = targetOf(deps, input);
    const jobName = deps.secrets.jobName(trainingId);
    const files = checkpointParts(checkpoint);
    if (choice.route === 'pull') {
      const obstacle = await storeObstacle(deps, files[0]!);
      if (obstacle !== null) return fromZero(obstacle);
      const pulled = await keepAlive(step, deps.trainer.pulled({ target, jobName, files, signal: step.signal }));
      if (pulled.status === 'failed') return fromZero(pulled.why);
    } else {
      await keepAlive(
        step,
        deps.trainer.restore({
          target,
          jobName,
          files: files.map(({ filename, sizeBytes, storageKey }) => ({
            filename,
            sizeBytes,
            open: () => openObject(deps.store, storageKey, step.signal),
          })),
          signal: step.signal,
        }),
      );
    }
    const resume = {
      fromStep: checkpoint.step,
      with: checkpoint.optimizer ? ('restored' as const) : ('weights_only' as const),
      ...lossOf(checkpoint, choice.earlier[0]),
    };
    await deps.repositories.attempts.recordResume({ trainingId, number: attempt, ...resume });
    return { status: 'restored', ...resume };
  };
}

/** Steps that must be made again, how long they had taken, and what the pod had cost meanwhile. */
function lossOf({ step }: Checkpoint, ended: AttemptTrace | undefined) {
  const lostSteps = Math.max(0, (ended?.lastStep ?? 0) - step);
  const lostMs = Math.round(lostSteps * (ended?.secondsPerStep ?? 0) * 1_000);
  return { lostSteps, lostMs, lostMicroUsd: rentMicroUsd(ended?.hourlyMicroUsd ?? 0, lostMs) };
}
