/**
 * Keeps a run that was reset, or started again, from overwriting its training's newer state: the database says which
 * run a training is on, and any other one is told to take over first.
 */
import { TemperaError } from '../core/failure.ts';
import type { RunOnRecord } from '../prisma/repositories/workflow-runs.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { currentRunId } from './step.ts';

interface OfTraining {
  readonly trainingId: string;
  /** The attempt that the step belongs to; absent for steps of the training as a whole. */
  readonly attempt?: number;
  /** The pod that the step is about. */
  readonly podName?: string;
}

/** The error of a step whose run is not the one its training is on. */
export function resetError(trainingId: string): TemperaError {
  return new TemperaError('RESET', 'The training is on another run of its workflow', {
    ids: { trainingId },
    retryable: false,
  });
}

/**
 * Runs a step only for the run that its training is on. A new run may simply continue the current attempt, since every
 * step can be repeated. Throws RESET when the database is further along, or when the step's run is not Temporal's
 * latest.
 */
export function ofItsRun<Input extends OfTraining, Result>(
  deps: ActivityDependencies,
  run: (input: Input) => Promise<Result>,
): (input: Input) => Promise<Result> {
  return async (input) => {
    await requireRun(deps, input);
    return await run(input);
  };
}

async function requireRun(deps: ActivityDependencies, input: OfTraining): Promise<void> {
  const { trainingId } = input;
  const record = await deps.repositories.runs.findRun(trainingId);
  // The step itself reports that there is no such training.
  if (record === null || record.runId === currentRunId()) return;
  if (!(await mayGoOn(deps, record, input))) throw resetError(trainingId);
  await claimTraining(deps, trainingId, record);
}

/** Gives a training to the run of this step. Throws RESET when that is not Temporal's latest, or another one is faster. */
export async function claimTraining(
  { repositories, workflows }: ActivityDependencies,
  trainingId: string,
  { runId: from, workflowId }: Pick<RunOnRecord, 'runId' | 'workflowId'>,
): Promise<void> {
  const runId = currentRunId();
  if (from === runId) return;
  if ((await workflows.currentRun(workflowId)) !== runId) throw resetError(trainingId);
  if (!(await repositories.runs.claimRun({ trainingId, runId, from }))) throw resetError(trainingId);
}

/** Whether a run may continue from where it believes it is. */
async function mayGoOn(
  { repositories }: ActivityDependencies,
  { status, runId, attempt }: RunOnRecord,
  { trainingId, attempt: ofAttempt, podName }: OfTraining,
): Promise<boolean> {
  if (status === 'pending') return true;
  if (status !== 'training') return false;
  // If the run dates from before runs were recorded, it is the only one its training has had.
  if (runId === null) return true;
  return ofAttempt === attempt && (await repositories.runs.isAttemptOpen({ trainingId, attempt, podName }));
}
