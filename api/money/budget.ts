/** Setting a training's ceiling: waits for the workflow's answer, because a limit may forbid the change. */
import { parseUsd } from '../../core/money.ts';
import type { ApiDeps } from '../deps.ts';
import { ApiError, invalid } from '../errors.ts';
import type { TrainingView } from '../schemas/trainings.ts';
import { getTraining, requireTraining } from '../trainings/read.ts';
import { refuseEnded } from '../trainings/control.ts';
import type { Caller } from '../trainings/control.ts';

/**
 * Sets what a training may cost, higher or lower than before. Throws ApiError 422 for an amount that is invalid or
 * already spent, 409 when the training has ended, 402 LIMIT_EXCEEDED with the figures, 503 while no worker answers.
 */
export async function setBudget(
  deps: ApiDeps,
  { userId, by }: Caller,
  trainingId: string,
  maxCostUsd: number,
): Promise<TrainingView> {
  const ceilingMicroUsd = parseUsd(maxCostUsd);
  if (ceilingMicroUsd === null) throw invalid(['maxCostUsd must be an amount of dollars from 0.0001 to 1000000']);
  const training = await requireTraining(deps, userId, trainingId);
  refuseEnded(training, 'given another ceiling');
  const result = await deps.temporal.raiseBudget(trainingId, { by, ceilingMicroUsd });
  switch (result.status) {
    case 'raised':
      if (training.reason === 'BUDGET_EXCEEDED') await deps.repositories.trainings.endRetryWindow(training);
      return await getTraining(deps, userId, trainingId);
    case 'over_limit':
      throw new ApiError(402, 'LIMIT_EXCEEDED', 'This would exceed a spending limit.', {
        details: result.sentences,
        figures: result.figures,
      });
    case 'refused':
      throw invalid([result.message]);
    case 'not_running':
      throw new ApiError(409, 'WORKFLOW_CLOSED', 'The workflow of this training has ended; start a new training.');
  }
}
