/** What follows an attempt that has brought no LoRA: the failure policy decides (`core/failure.ts`). */
import { ApplicationFailure, log } from '@temporalio/workflow';
import { failurePolicy } from '../core/failure.ts';
import type { FailurePolicy } from '../core/failure.ts';
import type { RecipeOverrides } from '../core/recipe.ts';
import type { AttemptResult } from './attempt.ts';
import type { EndedEarly } from './attempt-input.ts';
import type { Training } from './setup.ts';

/** What an attempt is started with. */
export interface AttemptTerms {
  /** From 1 to `maxAttempts`. */
  readonly positionInSet: number;
  /** The least GPU memory that may be rented; absent: what the recipe needs. */
  readonly minVramGb?: number;
  /** What the policy changes in the recipe. */
  readonly overrides: RecipeOverrides;
}

export const FIRST_ATTEMPT: AttemptTerms = { positionInSet: 1, overrides: {} };

type Ended = AttemptResult & EndedEarly;

/** The attempt that the policy makes next; null when it makes none, and `run` decides how the training ends. */
export async function nextAttempt(training: Training, ended: Ended, last: AttemptTerms): Promise<AttemptTerms | null> {
  const policy = failurePolicy(ended.code);
  if (policy.action === 'pause') {
    await training.waitWhilePaused(ended.step);
    // A pause is not a failure: the attempt is made again.
    return training.requests.isRetryRequested() ? freshCount(last) : last;
  }
  // Also when the attempt had just failed by itself: a person's request for a fresh count is never lost.
  if (training.requests.isRetryRequested()) return freshCount(last);
  const { code, costMicroUsd } = ended;
  log.warn('attempt failed', { attempt: training.state.attempt(), code, costMicroUsd });
  switch (policy.action) {
    case 'new_attempt': {
      const isRepeated = training.state.hasFailedBefore(code);
      if (policy.oncePerTraining && isRepeated) return null;
      return counted(training, policy, policy.largerGpu ? onLargerGpu(last, ended) : last);
    }
    // Every pod that the attempt may use has been unusable.
    case 'new_pod':
      return counted(training, policy, last);
    // What could be waited for has been waited for.
    case 'wait_for_capacity':
    case 'retry_step':
    case 'stop':
    case 'send_again':
    case 'keep_artifact':
    case 'cancel':
    case 'take_over':
      return null;
    default:
      return unknownAction(policy.action);
  }
}

export function freshCount(terms: AttemptTerms): AttemptTerms {
  return { ...terms, positionInSet: 1 };
}

function counted(
  { intervals }: Training,
  { countsAsAttempt }: Extract<FailurePolicy, { readonly countsAsAttempt: boolean }>,
  terms: AttemptTerms,
): AttemptTerms | null {
  if (!countsAsAttempt) return terms;
  if (terms.positionInSet >= intervals.maxAttempts) return null;
  return { ...terms, positionInSet: terms.positionInSet + 1 };
}

/** More memory than the GPU that failed had, and the trainer's low-memory mode in case there is no larger one. */
function onLargerGpu(terms: AttemptTerms, { vramGb }: Ended): AttemptTerms {
  return { ...terms, ...(vramGb === null ? {} : { minVramGb: vramGb + 1 }), overrides: { lowVram: true } };
}

/** An action of the table that no case handles does not compile. */
function unknownAction(action: never): never {
  throw ApplicationFailure.nonRetryable(`No such action: ${String(action)}`, 'INTERNAL');
}
