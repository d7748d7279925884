import { Context, log } from '@temporalio/activity';
import { BASE_MODEL_FACTS } from '../core/base-model.ts';
import { expiredFiles } from '../core/checkpoint-retention.ts';
import type { RetentionRule } from '../core/checkpoint-retention.ts';
import type { Recipe } from '../core/recipe.ts';
import { loadTraining } from './begin-training.ts';
import type { ActivityDependencies } from './dependencies.ts';

/**
 * Deletes the saves that a running training no longer needs, the row before the object, so that nothing resumes from an
 * incomplete save. Does nothing for an attempt that is not the latest: a later one may be reading.
 */
export async function pruneCheckpoints(
  deps: ActivityDependencies,
  params: { readonly trainingId: string; readonly attempt: number; readonly recipe: Recipe },
  signal: AbortSignal,
): Promise<void> {
  const { trainingId, attempt, recipe } = params;
  const { attempts, checkpoints } = deps.repositories;
  const rule = { ...ruleOf(deps, recipe.baseModel), training: 'trains', steps: recipe.steps } as const;
  const expired = expiredFiles(await checkpoints.checkpointFiles(trainingId), rule);
  if (expired.length === 0 || (await attempts.latestAttempt(trainingId)) !== attempt) return;
  for (const file of expired) {
    signal.throwIfAborted();
    await checkpoints.forgetCheckpoint(file);
    await deps.store.delete(file.storageKey, signal);
  }
}

/**
 * Keeps of an ended training what people may want: some weights, no optimizer state. Objects that lost their row in a
 * crash between the two deletes are deleted too. Never throws: leftovers only take up space and must not keep a
 * training from ending.
 */
export async function pruneEnded(deps: ActivityDependencies, trainingId: string): Promise<void> {
  const { checkpoints } = deps.repositories;
  const { cancellationSignal: signal } = Context.current();
  try {
    const { baseModel } = (await loadTraining(deps, trainingId)).request;
    const files = await checkpoints.checkpointFiles(trainingId);
    const rule = { ...ruleOf(deps, baseModel), training: 'ended', steps: 0 } as const;
    const expired = new Set(expiredFiles(files, rule));
    for (const file of expired) await checkpoints.forgetCheckpoint(file);
    const kept = new Set(files.filter((file) => !expired.has(file)).map(({ storageKey }) => storageKey));
    const stored = await deps.store.list(`trainings/${trainingId}/attempts/`, signal);
    for (const key of stored) if (key.includes('/checkpoints/') && !kept.has(key)) await deps.store.delete(key, signal);
  } catch (error) {
    log.warn('old saves could not be deleted', { error, trainingId });
  }
}

function ruleOf(
  deps: ActivityDependencies,
  baseModel: Recipe['baseModel'],
): Pick<RetentionRule, 'keep' | 'filesPerSave'> {
  return { keep: deps.keepCheckpoints, filesPerSave: BASE_MODEL_FACTS[baseModel].filesPerCheckpoint };
}
