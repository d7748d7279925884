/** Keeps steps that lost Temporal, and come back after the workflow has moved on, from overwriting newer results. */
import { TemperaError } from '../core/failure.ts';
import type { PhaseChange } from '../prisma/repositories/training-states.ts';
import type { ActivityDependencies } from './dependencies.ts';

/** The error of a step whose pod is no longer the one in use. */
export function notInUse(place: { readonly trainingId: string; readonly attempt: number; readonly podName: string }) {
  const { trainingId, attempt, podName } = place;
  return new TemperaError('POD_LOST', `The pod ${podName} is no longer the one in use`, {
    ids: { trainingId, attempt },
  });
}

/**
 * Records that a training has entered a phase. Throws INTERNAL when it has ended or is on a later attempt,
 * LIMIT_EXCEEDED when it returns from a failure while its character has another active training.
 */
export async function enterPhase({ repositories }: ActivityDependencies, change: PhaseChange): Promise<void> {
  const { trainingId, attempt, phase } = change;
  const entered = await repositories.trainings.recordPhase(change);
  if (entered === 'entered') return;
  if (entered === 'character_busy')
    throw new TemperaError('LIMIT_EXCEEDED', 'The character of this training has another active training', {
      ids: { trainingId, attempt },
    });
  throw new TemperaError('INTERNAL', `The training has moved on: attempt ${attempt} can no longer enter "${phase}"`, {
    ids: { trainingId, attempt },
    retryable: false,
  });
}
