/** The ceiling of a training: people set it, and the workflow warns before it is reached. */
import { TemperaError } from '../core/failure.ts';
import { limitSentence } from '../core/spend-limit.ts';
import type { ActivityDependencies } from './dependencies.ts';

export interface RaiseCeiling {
  readonly trainingId: string;
  readonly ceilingMicroUsd: number;
}

/** Raises or lowers the ceiling and what is reserved for it. Safe to repeat. Throws LIMIT_EXCEEDED with the figures. */
export function raiseCeiling(deps: ActivityDependencies) {
  return async ({ trainingId, ceilingMicroUsd }: RaiseCeiling): Promise<void> => {
    const done = await deps.repositories.money.setCeiling({ trainingId, ceilingMicroUsd, limits: deps.limits });
    if (done.status === 'reserved') return;
    if (done.status === 'ended')
      throw new TemperaError('INTERNAL', 'This training has ended', { ids: { trainingId }, retryable: false });
    const { figures } = done;
    throw new TemperaError('LIMIT_EXCEEDED', figures.map(limitSentence).join('; '), { ids: { trainingId }, figures });
  };
}

/** Warns, once per ceiling, that 90 % of it has been spent. */
export function warnOfBudget(deps: ActivityDependencies) {
  return async (warning: {
    readonly trainingId: string;
    readonly ceilingMicroUsd: number;
    readonly spentMicroUsd: number;
  }): Promise<void> => {
    await deps.repositories.trainings.recordBudgetWarning(warning);
  };
}
