import { activityInfo, log } from '@temporalio/activity';
import { TemperaError } from '../core/failure.ts';
import { rentMicroUsd } from '../core/money.ts';
import type { RecipeOverrides } from '../core/recipe.ts';
import type { AttemptTrace } from '../prisma/repositories/attempts.ts';
import { chooseCheckpoint, storeObstacle } from './choose-checkpoint.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { openObject } from './dataset-manifest.ts';
import { currentStep, keepAlive } from './step.ts';
import type { Step } from './step.ts';
import { sessionOf } from './session.ts';
import type { PodStepInput } from './session.ts';

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
  /** The attempt starts at step 0, because of `why`. */
  | {
      readonly status: 'from_zero';
      readonly why: string;
      readonly lostSteps: number;
      /** These two are absent in the results of older runs. */
      readonly lostMs?: number;
      readonly lostMicroUsd?: number;
    };

/**
 * Tries before giving up a restore that the trainer refuses, or that does not get through: seconds and about 5 min of
 * rent, including the pauses. Starting over costs less than an attempt that fails.
 */
const TRIES = { refused: 3, silent: 11 } as const;
/** The proxy's answers on behalf of a trainer that cannot be reached at the moment. */
const PROXY_STATUSES: readonly unknown[] = [404, 502, 503, 504, 524];

/**
 * Puts the newest save of the earlier attempts on the pod, so that the training resumes there, and records what was
 * lost. Safe to repeat. A save that does not fit, that the pod could not fetch, or that the trainer does not accept is
 * no failure: the attempt starts at step 0 and says why.
 */
export function restoreCheckpoint(deps: ActivityDependencies) {
  return async (input: RestoreCheckpointInput): Promise<RestoredCheckpoint> => {
    const step = currentStep();
    const { trainingId, attempt } = input;
    const choice = await chooseCheckpoint(deps, input);
    const fromZero = async (why: string): Promise<RestoredCheckpoint> => {
      const loss = lossOf(0, choice.earlier[0]);
      await deps.repositories.attempts.recordRestart({ trainingId, number: attempt, why, ...loss });
      return { status: 'from_zero', why, ...loss };
    };
    if (choice.status === 'none') return await fromZero(choice.why);
    const { checkpoint } = choice;
    const session = sessionOf(deps, input);
    const jobName = deps.secrets.jobName(trainingId);
    const files = deps.trainer.partsOf(checkpoint);
    if (choice.route === 'pull') {
      const obstacle = await storeObstacle(deps, files[0]!);
      if (obstacle !== null) return await fromZero(obstacle);
      const pulled = await keepAlive(step, session.pulled({ jobName, files, signal: step.signal }));
      if (pulled.status === 'failed') return await fromZero(pulled.why);
    } else {
      const restoring = session.restore({
        jobName,
        files: files.map(({ filename, sizeBytes, storageKey }) => ({
          filename,
          sizeBytes,
          open: () => openObject(deps.store, storageKey, step.signal),
        })),
        signal: step.signal,
      });
      try {
        await keepAlive(step, restoring);
      } catch (error) {
        const why = reasonToGiveUp(error, step);
        if (why === null) throw error;
        log.warn('a save could not be put on the pod', { trainingId, attempt, error });
        // No part of it may stay, or the trainer would resume from it. A trainer that cannot even do that is asked
        // again later.
        await keepAlive(step, session.discardRestored({ jobName, files, signal: step.signal }));
        return await fromZero(why);
      }
    }
    const resume = {
      fromStep: checkpoint.step,
      with: checkpoint.optimizer ? ('restored' as const) : ('weights_only' as const),
      ...lossOf(checkpoint.step, choice.earlier[0]),
    };
    await deps.repositories.attempts.recordResume({ trainingId, number: attempt, ...resume });
    return { status: 'restored', ...resume };
  };
}

/** Why a failed restore is not tried again; null while it is. */
function reasonToGiveUp(error: unknown, step: Step): string | null {
  if (!(error instanceof TemperaError) || step.signal.aborted) return null;
  if (error.code === 'INTERNAL') return 'The save cannot be read from the object store';
  if (error.code !== 'PROVIDER_UNAVAILABLE') return null;
  const { status } = error.ids;
  // A success that cannot be read is a page that the proxy shows while the trainer is away.
  const isRefused = typeof status === 'number' && status >= 400 && !PROXY_STATUSES.includes(status);
  const tries = isRefused ? TRIES.refused : TRIES.silent;
  return activityInfo().attempt < tries ? null : `The save could not be put on the pod: ${error.message}`;
}

/** Steps that must be repeated, how long they had taken, and what the pod had cost in that time. */
function lossOf(step: number, ended: AttemptTrace | undefined) {
  const lostSteps = Math.max(0, (ended?.lastStep ?? 0) - step);
  const lostMs = Math.round(lostSteps * (ended?.secondsPerStep ?? 0) * 1_000);
  return { lostSteps, lostMs, lostMicroUsd: rentMicroUsd(ended?.hourlyMicroUsd ?? 0, lostMs) };
}
