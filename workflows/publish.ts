/** What follows once the LoRA is in our store. */
import { CancellationScope, isCancellation } from '@temporalio/workflow';
import type { TrainingPlan } from '../activities/begin-training.ts';
import type { Artifact } from '../core/artifact.ts';
import { failurePolicy } from '../core/failure.ts';
import type { RecipeOverrides } from '../core/recipe.ts';
import type { TrainLoraResult } from './contract.ts';
import { failureOf, isReset } from './outcome.ts';
import type { Training } from './setup.ts';

/** Publishes to every destination, side by side, and closes the books: the training is ready. */
export async function publishAndSettle(
  training: Training,
  plan: TrainingPlan,
  { artifact, overrides }: { readonly artifact: Artifact; readonly overrides: RecipeOverrides },
): Promise<TrainLoraResult> {
  training.state.enter('publishing');
  const positions = Array.from({ length: plan.destinations }, (_, position) => position);
  // All are awaited, even after a cancellation: nothing may be published once the training has ended.
  const outcomes = await Promise.allSettled(positions.map((position) => publish(training, position, overrides)));
  const publications = outcomes.map((outcome) => {
    if (outcome.status === 'rejected') throw outcome.reason;
    return outcome.value;
  });
  // The LoRA is stored and verified: a late cancellation would only lose the record of it.
  const settled = await CancellationScope.nonCancellable(() =>
    training.record.settleTraining({ trainingId: plan.trainingId, attempt: training.state.attempt() }),
  );
  training.state.finish('ready', null, settled.costMicroUsd);
  return { status: 'ready', costMicroUsd: settled.costMicroUsd, sha256: artifact.files[0]?.sha256 ?? '', publications };
}

/** A destination that fails for good does not harm the training: it is ready, and only that publication has failed. */
async function publish(training: Training, position: number, overrides: RecipeOverrides) {
  const { trainingId } = training.input;
  try {
    await training.publishing.publishLora({
      trainingId,
      position,
      attempt: training.state.attempt(),
      overrides,
    });
    return { position, status: 'published' } as const;
  } catch (error) {
    if (isCancellation(error) || isReset(error)) throw error;
    if (failurePolicy('PUBLISH_FAILED').action !== 'keep_artifact') throw error;
    const { code, message } = failureOf(error);
    const reason = failurePolicy(code).publicationKeepsCode === true ? code : 'PUBLISH_FAILED';
    await training.record.recordPublishFailed({ trainingId, position, reason, message });
    return { position, status: 'failed' } as const;
  }
}
