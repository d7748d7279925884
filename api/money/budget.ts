/** Raising a training's ceiling: Temporal's answer is waited for, since a limit may refuse it. */
import { parseUsd } from '../../core/money.ts';
import { endRetryWindow } from '../../prisma/repositories/training-requests.ts';
import type { ApiDeps } from '../deps.ts';
import { ApiError, invalid } from '../errors.ts';
import type { TrainingView } from '../schemas/trainings.ts';
import { getTraining, requireTraining } from '../trainings/read.ts';
import { refuseEnded } from '../trainings/control.ts';

/**
 * Raises what a training may cost. Throws ApiError 422 for an amount that is none or not higher, 409 when the training has ended
 * or has no ceiling, 402 LIMIT_EXCEEDED, 503 while no worker answers.
 */
export async function raiseBudget(
  deps: ApiDeps,
  userId: string,
  trainingId: string,
  maxCostUsd: number,
): Promise<TrainingView> {
  const ceilingMicroUsd = parseUsd(maxCostUsd);
  if (ceilingMicroUsd === null) throw invalid(['maxCostUsd must be an amount of dollars from 0.0001 to 1000000']);
  const training = await requireTraining(deps, userId, trainingId);
  refuseEnded(training, 'given a higher ceiling');
  if (training.ceilingMicroUsd === null)
    throw new ApiError(409, 'NO_CEILING', 'This training has no ceiling that could be raised.');
  const result = await deps.temporal.raiseBudget(trainingId, { by: 'api', ceilingMicroUsd });
  switch (result.status) {
    case 'raised':
      if (training.reason === 'BUDGET_EXCEEDED') await endRetryWindow(deps.database, training);
      return await getTraining(deps, userId, trainingId);
    case 'over_limit':
      throw new ApiError(402, 'LIMIT_EXCEEDED', 'A limit on spending stands against it.', {
        details: result.sentences,
      });
    case 'refused':
      throw invalid([result.message]);
    case 'not_running':
      throw new ApiError(409, 'WORKFLOW_CLOSED', 'The workflow of this training has ended; start a new training.');
  }
}
