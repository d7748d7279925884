/** How far a training is, for the database and for Temporal's Web UI. */
import { TemperaError } from '../core/failure.ts';
import { rentMicroUsd } from '../core/money.ts';
import type { Pace } from '../core/pace.ts';
import type { JobObservation } from '../providers/backends/job.ts';
import { notInUse } from './fence.ts';
import type { Watch } from './watch.ts';

/** Progress is written to the database at most this often. Milliseconds. */
const PROGRESS_EVERY_MS = 1_000;
/** Shares of the training at which the Web UI's details are updated: each update is a few events of history. */
const MILESTONES = [0, 0.25, 0.5, 0.75] as const;

/** Writes progress to the database when it has changed, and to the Web UI at a few milestones. */
export async function createReporter(watch: Watch, pace: Pace): Promise<(seen: JobObservation) => Promise<void>> {
  const { deps, input, recipe } = watch;
  const earlierMicroUsd = await deps.repositories.bills.ledgerCost(input.trainingId);
  let writtenAt = 0;
  let writtenStep = -1;
  let told = -1;
  return async (seen) => {
    const now = Date.now();
    const last = seen.state === 'completed';
    if (seen.step !== writtenStep && (last || now - writtenAt >= PROGRESS_EVERY_MS)) {
      writtenAt = now;
      writtenStep = seen.step;
      const etaMs = pace.msLeft(recipe.steps, now);
      const believed = await deps.repositories.trainings.recordProgress({
        trainingId: input.trainingId,
        attempt: input.attempt,
        podName: input.podName,
        step: seen.step,
        totalSteps: recipe.steps,
        loss: await lossOf(watch),
        secondsPerStep: pace.msPerStep === null ? null : pace.msPerStep / 1_000,
        estimatedEndAt: etaMs === null ? null : new Date(now + etaMs),
        costMicroUsd: earlierMicroUsd + rentMicroUsd(input.hourlyMicroUsd, now - input.podCreatedAtMs),
      });
      if (!believed) throw notInUse(input);
    }
    const milestone = MILESTONES.findLastIndex((share) => seen.step > 0 && seen.step >= share * recipe.steps);
    if (milestone > told && !last) {
      told = milestone;
      await deps.workflows.reportProgress(input.workflowId, {
        step: seen.step,
        totalSteps: recipe.steps,
        etaMs: pace.msLeft(recipe.steps, now),
      });
    }
  };
}

/** The loss, for the record; a trainer that cannot report it is no reason to end a training. */
async function lossOf({ job, step }: Watch): Promise<number | null> {
  try {
    return await job.loss(step.signal);
  } catch (error) {
    if (error instanceof TemperaError) return null;
    throw error;
  }
}
