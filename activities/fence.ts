/** Keeps steps that were cut off from Temporal, and come back after the story went on, from writing over what came later. */
import { TemperaError } from '../core/failure.ts';
import type { PhaseChange } from '../prisma/repositories/training-runs.ts';
import type { ActivityDependencies } from './dependencies.ts';

/** The error of a step whose pod is not the one in use any more. */
export function notInUse(place: { readonly trainingId: string; readonly attempt: number; readonly podName: string }) {
  const { trainingId, attempt, podName } = place;
  return new TemperaError('POD_LOST', `The pod ${podName} is not the one in use any more`, {
    ids: { trainingId, attempt },
  });
}

/**
 * Writes that a training has entered a phase. Throws INTERNAL when it has ended or is on a later attempt, LIMIT_EXCEEDED when it comes back
 * from a failure while its character has another training under way.
 */
export async function enterPhase({ repositories }: ActivityDependencies, change: PhaseChange): Promise<void> {
  const { trainingId, attempt, phase } = change;
  const entered = await repositories.trainings.recordPhase(change);
  if (entered === 'entered') return;
  if (entered === 'character_busy')
    throw new TemperaError('LIMIT_EXCEEDED', 'The character of this training has another active training', {
      ids: { trainingId, attempt },
    });
  throw new TemperaError('INTERNAL', `The training has gone on: attempt ${attempt} may not enter "${phase}" any more`, {
    ids: { trainingId, attempt },
    retryable: false,
  });
}
