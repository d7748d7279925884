/**
 * Which save an attempt resumes from, and how it gets to the pod: decided when the pod is rented, and again when it is
 * up.
 */
import { newestCheckpoint } from '../core/checkpoint.ts';
import type { Checkpoint, CheckpointFile } from '../core/checkpoint.ts';
import { BASE_MODEL_FACTS } from '../core/base-model.ts';
import { isPrivateUrl } from '../core/reachable.ts';
import { shapeObstacle } from '../core/recipe.ts';
import type { RecipeOverrides } from '../core/recipe.ts';
import type { AttemptTrace } from '../prisma/repositories/attempts.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { recipeOf } from './start-training.ts';

export type CheckpointChoice = {
  /** Latest first. */
  readonly earlier: readonly AttemptTrace[];
} & (
  | { readonly status: 'none'; readonly why: string }
  /**
   * `send`: over the trainer's API once the pod is up. `pull`: too large for that, the pod fetches it while it starts.
   */
  | { readonly status: 'chosen'; readonly checkpoint: Checkpoint; readonly route: 'send' | 'pull' }
);

/**
 * Chooses the newest suitable save of the earlier attempts. The answer stays the same until the attempt starts to
 * train.
 */
export async function chooseCheckpoint(
  deps: ActivityDependencies,
  {
    trainingId,
    attempt,
    overrides,
  }: { readonly trainingId: string; readonly attempt: number; readonly overrides: RecipeOverrides },
): Promise<CheckpointChoice> {
  const recipe = await recipeOf(deps, trainingId, overrides);
  const earlier = await deps.repositories.attempts.earlierAttempts(trainingId, attempt);
  const files = await deps.repositories.checkpoints.checkpointFiles(trainingId);
  // A save that an attempt resumed from without completing a step is not trusted again.
  const stuckAt = new Set(
    earlier
      .filter((one) => one.status === 'failed' && one.resumedFromStep !== null && one.lastStep <= one.resumedFromStep)
      .map((one) => one.resumedFromStep),
  );
  const rule = { filesPerSave: BASE_MODEL_FACTS[recipe.baseModel].filesPerCheckpoint, steps: recipe.steps };
  const trusted = files.filter((file) => file.attempt < attempt && !stuckAt.has(file.step));
  const newest = newestCheckpoint(trusted, rule);
  if (newest === null) return { status: 'none', earlier, why: 'There was no save in our store' };
  const attempts = new Map(earlier.map((one) => [one.number, one]));
  const misfit = ({ attempt: number }: { readonly attempt: number }) => shapeObstacle(attempts.get(number), recipe);
  const fits = (file: CheckpointFile) => misfit(file) === null && file.step <= recipe.steps;
  const checkpoint = newestCheckpoint(trusted.filter(fits), rule);
  if (checkpoint === null) {
    const tooFar = `The save is at step ${newest.step}, beyond the requested ${recipe.steps} steps`;
    return { status: 'none', earlier, why: misfit(newest) ?? tooFar };
  }
  const isLarge = deps.trainer.partsOf(checkpoint).some(({ sizeBytes }) => sizeBytes > deps.trainer.maxRestoreBytes);
  return { status: 'chosen', earlier, checkpoint, route: isLarge ? 'pull' : 'send' };
}

/**
 * Why pods cannot fetch from the object store; null when they can. A vendor's machines cannot see this machine's own
 * network.
 */
export async function storeObstacle(
  deps: ActivityDependencies,
  { storageKey }: CheckpointFile,
): Promise<string | null> {
  const isNear = isPrivateUrl(deps.compute.portUrl('pod', deps.trainer.port));
  if (isNear || !isPrivateUrl(await deps.store.signedUrl(storageKey, { ttlSeconds: 1 }))) return null;
  const setting = deps.store.kind === 's3' ? 'S3_ENDPOINT' : 'API_PUBLIC_URL';
  return `The save is too large to upload, and pods cannot fetch it: ${setting} is an address on this machine or its private network`;
}
