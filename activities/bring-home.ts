import { log } from '@temporalio/activity';
import { BASE_MODEL_FACTS } from '../core/base-model.ts';
import { wholeSaves } from '../core/checkpoint.ts';
import { TemperaError } from '../core/failure.ts';
import type { RecipeOverrides } from '../core/recipe.ts';
import { linkSignals } from '../core/time-limit.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { createMirror } from './mirror.ts';
import { recipeOf } from './start-training.ts';
import { currentStep } from './step.ts';
import { jobOf } from './session.ts';
import type { PodStepInput } from './session.ts';

export interface BringHomeInput extends PodStepInput {
  readonly jobId: string;
  readonly overrides: RecipeOverrides;
  readonly what: 'save' | 'samples';
  /** How long to wait for it. Milliseconds. */
  readonly withinMs: number;
}

export type BroughtHome =
  | { readonly status: 'home'; readonly step: number }
  /** Nothing has been learned since the last save, or the trainer is not training. */
  | { readonly status: 'nothing'; readonly step: number | null }
  /** It did not arrive in time. */
  | { readonly status: 'late'; readonly step: number | null };

/** Pause between two checks for what was requested. Milliseconds. */
const LOOK_MS = 500;

/**
 * Asks the trainer for a checkpoint, or for samples, and copies them to our store while training continues. Safe to
 * repeat: it asks again. The returned step is that of this attempt's newest complete save in our store.
 */
export function bringHome(deps: ActivityDependencies) {
  return async (input: BringHomeInput): Promise<BroughtHome> => {
    const step = currentStep();
    const { trainingId, attempt, what } = input;
    const job = jobOf(deps, input);
    const recipe = await recipeOf(deps, trainingId, input.overrides);
    const deadline = Date.now() + input.withinMs;
    const asked = await job.observe(step.signal);
    const samples = await deps.repositories.samples.countSamples(trainingId, attempt);
    const resumedFrom = (await deps.repositories.attempts.findResume(trainingId, attempt))?.fromStep ?? 0;
    if (asked.state !== 'running' || asked.step <= resumedFrom) return { status: 'nothing', step: await savedStep() };
    if (what === 'save' && (await savedStep()) === asked.step) return { status: 'nothing', step: asked.step };
    await (what === 'save' ? job.saveNow(step.signal) : job.sampleNow(step.signal));

    const mirror = await createMirror(deps, { trainingId, attempt, job, recipe }, step);
    const inTime = linkSignals([step.signal], Math.max(0, deadline - Date.now()));
    try {
      for (;;) {
        const seen = await job.observe(step.signal);
        step.heartbeat();
        await mirror.look(seen, inTime.signal);
        const saved = await savedStep();
        if (what === 'save' && saved !== null && saved >= asked.step) return { status: 'home', step: saved };
        if (what === 'samples' && (await deps.repositories.samples.countSamples(trainingId, attempt)) > samples)
          return { status: 'home', step: seen.step };
        if (seen.state !== 'running') return { status: 'nothing', step: saved };
        if (Date.now() >= deadline) {
          log.warn('the requested save or samples did not arrive in time', { trainingId, attempt, what });
          return { status: 'late', step: saved };
        }
        await step.sleep(LOOK_MS);
      }
    } catch (error) {
      // The previous save is in our store; the caller continues without a newer one.
      const silent = error instanceof TemperaError && error.retryable && Date.now() >= deadline;
      if (!silent) throw error;
      return { status: 'late', step: await savedStep() };
    } finally {
      inTime.release();
      await mirror.close();
    }

    /** The newest complete save of this attempt, with its optimizer. */
    async function savedStep(): Promise<number | null> {
      const files = await deps.repositories.checkpoints.checkpointFiles(trainingId);
      const saves = wholeSaves(files, BASE_MODEL_FACTS[recipe.baseModel].filesPerCheckpoint);
      return saves.find((save) => save.attempt === attempt && save.optimizer !== null)?.step ?? null;
    }
  };
}
