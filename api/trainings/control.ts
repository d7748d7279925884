/** Cancel and retry: signals that Temporal keeps even while no worker is up. */
import { recipeFaults } from '../../core/recipe.ts';
import type { RecipeOverrides } from '../../core/recipe.ts';
import { isTerminal } from '../../core/status.ts';
import type { TrainingRow } from '../../prisma/repositories/trainings.ts';
import type { ApiDeps } from '../deps.ts';
import { ApiError, invalid } from '../errors.ts';
import type { TrainingView } from '../schemas/trainings.ts';
import type { SignalResult, TrainingSignal } from '../temporal.ts';
import { requireTraining } from './read.ts';
import { trainingView } from './view.ts';

/** Who is asking: a user, with one of their keys. */
export interface Caller {
  readonly userId: string;
  /** For people who view the training. */
  readonly by: string;
}

/** Asks for the end of a training. Throws ApiError 409 when it has ended. */
export async function cancelTraining(deps: ApiDeps, { userId, by }: Caller, trainingId: string): Promise<TrainingView> {
  const training = await requireTraining(deps, userId, trainingId);
  refuseEnded(training, 'cancelled');
  requireRunning(await deps.temporal.cancel(trainingId, { by }));
  return trainingView(training, deps.settings);
}

/** Asks for a fresh set of attempts. Throws ApiError 409 when there is nothing to retry, 422 for wrong overrides. */
export async function retryTraining(
  deps: ApiDeps,
  { userId, by }: Caller,
  trainingId: string,
  overrides: RecipeOverrides | undefined,
): Promise<TrainingView> {
  const faults = recipeFaults(overrides ?? {}).map((fault) => `overrides.${fault}`);
  if (faults.length > 0) throw invalid(faults);
  const training = await requireTraining(deps, userId, trainingId);
  refuseEnded(training, 'retried');
  if (training.phase === 'publishing')
    throw new ApiError(409, 'NEARLY_READY', 'The LoRA is trained and being published: there is nothing to retry.');
  if (await deps.repositories.trainings.hasOtherActiveTraining(training)) {
    throw new ApiError(409, 'CHARACTER_BUSY', 'This character has another active training.');
  }
  requireRunning(await deps.temporal.retry(trainingId, { by, ...(overrides === undefined ? {} : { overrides }) }));
  await deps.repositories.trainings.endRetryWindow(training);
  return trainingView({ ...training, retryUntil: null }, deps.settings);
}

/** Asks for a pause, its end, a save or samples. Throws ApiError 409 when the training cannot do that now. */
export async function signalTraining(
  deps: ApiDeps,
  { userId, by }: Caller,
  trainingId: string,
  kind: TrainingSignal,
): Promise<TrainingView> {
  const training = await requireTraining(deps, userId, trainingId);
  refuseEnded(training, PARTICIPLES[kind]);
  if (training.status === 'failed')
    throw new ApiError(409, 'NOT_RUNNING', 'This training has failed and is waiting for a retry.');
  if (kind === 'pause' && (training.phase === 'downloading' || training.phase === 'publishing'))
    throw new ApiError(409, 'NEARLY_READY', 'The LoRA is trained and being delivered: there is nothing left to pause.');
  if ((kind === 'saveNow' || kind === 'sampleNow') && training.phase !== 'training')
    throw new ApiError(
      409,
      'NOT_TRAINING',
      `Nothing is training at the moment: the training is in the phase "${training.phase}".`,
    );
  requireRunning(await deps.temporal.signal(trainingId, kind, { by }));
  return trainingView(training, deps.settings);
}

const PARTICIPLES: Readonly<Record<TrainingSignal, string>> = {
  pause: 'paused',
  resume: 'resumed',
  saveNow: 'saved',
  sampleNow: 'sampled',
};

/** Throws ApiError 409 when a training has ended or was never started. */
export function refuseEnded({ status, reason }: TrainingRow, what: string): void {
  if (isTerminal(status)) throw new ApiError(409, 'ALREADY_ENDED', `This training is ${status} and cannot be ${what}.`);
  if (status === 'failed' && reason === 'NOT_STARTED') {
    throw new ApiError(
      409,
      'NOT_STARTED',
      'This training was never started. Send its request again with the same Idempotency-Key.',
    );
  }
}

function requireRunning(result: SignalResult): void {
  if (result.status === 'not_running') {
    throw new ApiError(409, 'WORKFLOW_CLOSED', 'The workflow of this training has ended; start a new training.');
  }
}
