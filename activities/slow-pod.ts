/** Detects a pod that trains far more slowly than its GPU should. */
import { log } from '@temporalio/activity';
import { TemperaError, isOncePerTraining } from '../core/failure.ts';
import type { Recipe } from '../core/recipe.ts';
import { expectedStepTime } from '../core/quote.ts';
import type { ActivityDependencies } from './dependencies.ts';

interface SlowPodInput {
  readonly trainingId: string;
  readonly attempt: number;
  readonly podName: string;
  readonly slowPodFactor: number;
  readonly slowPodWindowMs: number;
}

/**
 * Compares the pace with what the GPU should need, by our own runs or else by published figures. Throws
 * POD_SLOW, by its row of the policy once per training: if a second pod is just as slow, the expectation is wrong.
 */
export async function createSlowCheck(deps: ActivityDependencies, input: SlowPodInput, recipe: Recipe) {
  const { trainingId, attempt, slowPodFactor, slowPodWindowMs } = input;
  const gpu = (await deps.repositories.pods.findPod(input.podName))?.gpu ?? null;
  const past = await deps.repositories.history.pastRuns(recipe.baseModel);
  const expected = gpu === null ? null : expectedStepTime(gpu, recipe, past);
  const earlier = await deps.repositories.attempts.earlierAttempts(trainingId, attempt);
  const isLeftAlone = isOncePerTraining('POD_SLOW') && earlier.some(({ reason }) => reason === 'POD_SLOW');
  let slowSince: number | null = null;
  let isTold = false;
  return {
    check(msPerStep: number | null, now: number): void {
      if (expected === null || msPerStep === null || msPerStep <= slowPodFactor * expected * 1_000) {
        slowSince = null;
        return;
      }
      slowSince ??= now;
      if (now - slowSince < slowPodWindowMs) return;
      const pace = `${(msPerStep / 1_000).toFixed(2)} s per step instead of about ${expected.toFixed(2)} s on ${gpu}`;
      if (!isLeftAlone)
        throw new TemperaError('POD_SLOW', `The pod is slow: ${pace}`, { ids: { trainingId, attempt } });
      if (!isTold) log.warn('this pod is as slow as the previous one', { trainingId, attempt, pace });
      isTold = true;
    },
  };
}
