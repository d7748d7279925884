/** What every step on a pod has in common: a pod that cannot be reached may be gone, and the vendor knows. */
import { TemperaError } from '../core/failure.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { currentStep, keepAlive } from './step.ts';
import type { PodStepInput } from './upload-dataset.ts';

/** How old the shared list may be when a silent pod is looked up in it. Milliseconds. */
const LIST_AGE_MS = 10_000;

/** Lets a step end with POD_LOST at once when its pod is gone, instead of after all its tries. */
export function onPod<Input extends PodStepInput, Result>(
  deps: ActivityDependencies,
  run: (input: Input) => Promise<Result>,
): (input: Input) => Promise<Result> {
  return async (input) => {
    try {
      return await run(input);
    } catch (error) {
      const step = currentStep();
      if (!(error instanceof TemperaError) || !error.retryable || step.signal.aborted) throw error;
      if (!(await keepAlive(step, isPodGone(deps, input.podId, step.signal)))) throw error;
      const { trainingId, attempt } = input;
      throw new TemperaError('POD_LOST', 'The pod is gone', { ids: { trainingId, attempt }, cause: error });
    }
  };
}

/** The vendor's word that a pod is gone; false when the vendor cannot say. A pod that only misses in a list is asked for by id. */
export async function isPodGone(
  { compute }: ActivityDependencies,
  podId: string,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    const pod = (await compute.list({ maxAgeMs: LIST_AGE_MS }, signal)).find((entry) => entry.id === podId);
    if (pod) return pod.state === 'ended';
    return await compute.isGone(podId, signal);
  } catch (error) {
    if (error instanceof TemperaError && error.retryable) return false;
    throw error;
  }
}
