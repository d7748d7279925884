import { BASE_MODEL_FACTS } from '../core/base-model.ts';
import { TemperaError } from '../core/failure.ts';
import type { FailureCode } from '../core/failure.ts';
import type { RecipeOverrides } from '../core/recipe.ts';
import { loadTraining } from './begin-training.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { throttledBeat } from './download-lora.ts';
import { enterPhase } from './fence.ts';
import { recipeOf } from './start-training.ts';
import { currentStep } from './step.ts';

export interface PublishLoraInput {
  readonly trainingId: string;
  /** Index in the request's list of destinations. */
  readonly position: number;
  readonly attempt: number;
  readonly overrides: RecipeOverrides;
}

/** Number of samples published with a LoRA. */
const MAX_SAMPLES = 4;

/**
 * Publishes the artifact to one destination and reads it back. Repeating it is harmless. Throws PUBLISH_FAILED, AUTH.
 */
export function publishLora(deps: ActivityDependencies) {
  return async (input: PublishLoraInput): Promise<{ readonly url: string }> => {
    const step = currentStep();
    const training = await loadTraining(deps, input.trainingId);
    await enterPhase(deps, {
      trainingId: training.id,
      phase: 'publishing',
      attempt: input.attempt,
    });
    const destination = training.request.destinations[input.position];
    if (!destination || !training.artifact) {
      throw new TemperaError(
        'INTERNAL',
        `Training ${training.id} has no artifact or no destination ${input.position}`,
        { retryable: false },
      );
    }
    await deps.repositories.publications.openPublication(input, destination);
    const publisher = deps.publishers[destination.kind];
    if (!publisher)
      throw new TemperaError(
        'PUBLISH_FAILED',
        `Publishing to ${destination.kind} is not configured on this installation`,
      );

    const facts = BASE_MODEL_FACTS[training.request.baseModel];
    const recipe = await recipeOf(deps, training.id, input.overrides);
    const samples = await deps.repositories.samples.samplesOf(training.id, MAX_SAMPLES);
    const beat = setInterval(() => step.heartbeat(), 1_000);
    try {
      const result = await publisher.publish({
        destination,
        subject: {
          trainingId: training.id,
          userId: training.userId,
          name: training.name,
          characterId: training.characterId,
          triggerWord: training.request.triggerWord,
          baseModel: training.request.baseModel,
          baseModelRepo: facts.repo,
          licence: facts.licence,
          steps: training.artifact.step,
          rank: recipe.rank,
          files: training.artifact.files,
          samples: samples.map((sample) => ({
            key: sample.storageKey,
            step: sample.step,
            prompt: recipe.samplePrompts[sample.promptIndex] ?? recipe.triggerWord,
          })),
        },
        store: deps.store,
        onProgress: throttledBeat(step),
        signal: step.signal,
      });
      await deps.repositories.publications.recordPublished(input, result);
      return { url: result.url };
    } finally {
      clearInterval(beat);
    }
  };
}

export interface PublicationFailure {
  readonly trainingId: string;
  readonly position: number;
  readonly reason: FailureCode;
  readonly message: string;
}

/** Records that a destination failed for good, with an event; the LoRA itself is safe. */
export function recordPublishFailed(deps: ActivityDependencies) {
  return async ({ reason, message, ...key }: PublicationFailure): Promise<void> => {
    const { request } = await loadTraining(deps, key.trainingId);
    const destination = request.destinations[key.position];
    if (destination === undefined) return;
    await deps.repositories.publications.recordPublishFailed(key, destination, { reason, message });
  };
}
