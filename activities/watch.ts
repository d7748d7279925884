/** What the parts of watchTraining share. */
import { TemperaError } from '../core/failure.ts';
import type { Recipe, RecipeOverrides } from '../core/recipe.ts';
import type { Job } from '../providers/backends/job.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { redact } from './failures.ts';
import type { PodStepInput } from './session.ts';
import type { Step } from './step.ts';

export interface WatchTrainingInput extends PodStepInput {
  readonly workflowId: string;
  readonly jobId: string;
  readonly overrides: RecipeOverrides;
  readonly hourlyMicroUsd: number;
  /** Epoch milliseconds: when the pod was created, and when the job was started. */
  readonly podCreatedAtMs: number;
  readonly startedAtMs: number;
  readonly watchPollMs: number;
  readonly watchFastPollMs: number;
  readonly startupTimeoutMs: number;
  readonly stallTimeoutMs: number;
  readonly podLostTimeoutMs: number;
  /** These three are absent in runs that started before there were such clocks. */
  readonly firstStepTimeoutMs?: number;
  readonly slowPodFactor?: number;
  readonly slowPodWindowMs?: number;
}

/** A job that is being watched. */
export interface Watch {
  readonly deps: ActivityDependencies;
  readonly input: WatchTrainingInput;
  readonly job: Job;
  readonly recipe: Recipe;
  readonly step: Step;
}

/** How much of the log's tail is kept when an attempt fails. Characters. */
const LOG_TAIL = 4_000;

/** Keeps the end of the log for operators, without secrets, and returns it; empty when it cannot be read. */
export async function recordLogTail({ deps, input, job, step }: Watch): Promise<string> {
  try {
    const { text } = await job.log(Number.MAX_SAFE_INTEGER, step.signal);
    const tail = redact(text.slice(-LOG_TAIL), LOG_TAIL);
    await deps.repositories.attempts.recordLogTail(input.trainingId, input.attempt, tail);
    return tail;
  } catch (error) {
    step.signal.throwIfAborted();
    // The log helps people; a job that cannot provide it is judged without it.
    if (error instanceof TemperaError) return '';
    throw error;
  }
}
