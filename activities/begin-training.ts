import type { BaseModel } from '../core/base-model.ts';
import { BASE_MODEL_FACTS } from '../core/base-model.ts';
import { TemperaError } from '../core/failure.ts';
import { resolveRecipe } from '../core/recipe.ts';
import type { TrainingRow } from '../prisma/repositories/trainings.ts';
import type { ActivityDependencies } from './dependencies.ts';

/** What the workflow must know about a training; prompts, captions and addresses stay in the database. */
export interface TrainingPlan {
  readonly trainingId: string;
  readonly name: string;
  readonly datasetId: string;
  readonly baseModel: BaseModel;
  readonly steps: number;
  readonly environment: string;
  readonly destinations: number;
  /** What the training may cost in total; null: no ceiling. Absent in runs that started before there were ceilings. */
  readonly ceilingMicroUsd?: number | null;
}

/** Takes over a training from the API. Rejects one that the API has given up, with NOT_STARTED. */
export function beginTraining(deps: ActivityDependencies) {
  return async ({ trainingId }: { readonly trainingId: string }): Promise<TrainingPlan> => {
    const training = await loadTraining(deps, trainingId);
    const taken = training.status !== 'pending' || (await deps.repositories.trainings.recordStarted(trainingId));
    if (!taken || (training.status === 'failed' && training.reason === 'NOT_STARTED')) {
      throw new TemperaError('NOT_STARTED', 'The API has already reported that this training could not be started', {
        ids: { trainingId },
      });
    }
    const { baseModel, triggerWord, recipe } = training.request;
    return {
      trainingId,
      name: training.name,
      datasetId: training.datasetId,
      baseModel,
      steps: resolveRecipe(baseModel, triggerWord, recipe).steps,
      environment: deps.environment,
      destinations: training.request.destinations.length,
      ceilingMicroUsd: training.ceilingMicroUsd,
    };
  };
}

/** Reads a training that must exist. Throws INTERNAL when it does not. */
export async function loadTraining(deps: ActivityDependencies, trainingId: string): Promise<TrainingRow> {
  const training = await deps.repositories.trainings.findTraining(trainingId);
  if (training) return training;
  throw new TemperaError('INTERNAL', `There is no training ${trainingId}`, { ids: { trainingId }, retryable: false });
}

/** Whether the Hub requires a token to download the base model. */
export function isGated(baseModel: BaseModel): boolean {
  return BASE_MODEL_FACTS[baseModel].gated;
}
