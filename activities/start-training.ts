import { resolveRecipe, shapeOf } from '../core/recipe.ts';
import type { Recipe, RecipeOverrides } from '../core/recipe.ts';
import { loadTraining } from './begin-training.ts';
import { foldersOf, readManifest } from './dataset-manifest.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { enterPhase } from './fence.ts';
import { currentStep } from './step.ts';
import { sessionOf } from './session.ts';
import type { PodStepInput } from './session.ts';

export interface StartTrainingInput extends PodStepInput {
  /** From `retryTraining` or the failure policy; they take precedence over the request's own. */
  readonly overrides: RecipeOverrides;
  /** Absent in runs that started before datasets had folders. */
  readonly manifestKey?: string;
}

/** Starts the job on the pod, or finds it running: idempotent by the job's name. Throws RECIPE_INVALID. */
export function startTraining(deps: ActivityDependencies) {
  return async (input: StartTrainingInput): Promise<{ readonly jobId: string }> => {
    const step = currentStep();
    const { manifestKey } = input;
    const recipe = await recipeOf(deps, input.trainingId, input.overrides);
    const manifest = manifestKey === undefined ? null : await readManifest(deps.store, manifestKey, step.signal);
    await enterPhase(deps, {
      trainingId: input.trainingId,
      phase: 'training',
      attempt: input.attempt,
      nth: input.podName,
    });
    const jobId = await sessionOf(deps, input).start(
      {
        jobName: deps.secrets.jobName(input.trainingId),
        datasetName: deps.secrets.datasetName(input.trainingId),
        recipe,
        ...(manifest === null ? {} : { folders: foldersOf(manifest) }),
      },
      step.signal,
    );
    await deps.repositories.attempts.recordShape(input.trainingId, input.attempt, shapeOf(recipe));
    await deps.repositories.trainings.recordJob(input.trainingId, jobId);
    return { jobId };
  };
}

/** The recipe of an attempt: the request's, with the attempt's overrides applied. */
export async function recipeOf(
  deps: ActivityDependencies,
  trainingId: string,
  overrides: RecipeOverrides,
): Promise<Recipe> {
  const { baseModel, triggerWord, recipe } = (await loadTraining(deps, trainingId)).request;
  return resolveRecipe(baseModel, triggerWord, { ...recipe, ...overrides });
}
