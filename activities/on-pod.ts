/** What all steps on a pod have in common: an unreachable pod may be gone, and the vendor knows. */
import { TemperaError } from '../core/failure.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { currentStep, keepAlive } from './step.ts';
import type { PodStepInput } from './session.ts';

/** How old the shared list may be when an unreachable pod is looked up in it. Milliseconds. */
export const LIST_AGE_MS = 10_000;

/** Ends a step with POD_LOST as soon as its pod is gone, instead of after all its tries. */
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
      if ((await keepAlive(step, podEnd(deps, input.podId, step.signal))) === null) throw error;
      const { trainingId, attempt } = input;
      throw new TemperaError('POD_LOST', 'The pod is gone', { ids: { trainingId, attempt }, cause: error });
    }
  };
}

/**
 * The vendor's confirmation that a pod is unusable; null while it is alive or the vendor cannot say. A pod that is
 * merely absent from a list is looked up by id.
 */
export async function podEnd(
  { compute }: ActivityDependencies,
  podId: string,
  signal: AbortSignal,
): Promise<'stopped' | 'vanished' | null> {
  try {
    const pod = (await compute.list({ maxAgeMs: LIST_AGE_MS }, signal)).find((entry) => entry.id === podId);
    switch (pod?.state) {
      case 'starting':
      case 'running':
        return null;
      case 'stopped':
        return 'stopped';
      case 'gone':
        return 'vanished';
      case undefined:
        return (await compute.isGone(podId, signal)) ? 'vanished' : null;
    }
  } catch (error) {
    if (error instanceof TemperaError && error.retryable) return null;
    throw error;
  }
}
