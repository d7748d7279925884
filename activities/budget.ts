/** The ceiling of a training: raised by people, warned of by the story. */
import { TemperaError } from '../core/failure.ts';
import { limitSentence } from '../core/spend-limit.ts';
import type { ActivityDependencies } from './dependencies.ts';

export interface RaiseCeiling {
  readonly trainingId: string;
  readonly ceilingMicroUsd: number;
}

/** Raises the ceiling and sets the difference aside. Safe to repeat. Throws LIMIT_EXCEEDED with the figures. */
export function raiseCeiling(deps: ActivityDependencies) {
  return async ({ trainingId, ceilingMicroUsd }: RaiseCeiling): Promise<void> => {
    const raised = await deps.repositories.money.raiseCeiling({ trainingId, ceilingMicroUsd, limits: deps.limits });
    if (raised.status === 'reserved') return;
    throw new TemperaError('LIMIT_EXCEEDED', raised.figures.map(limitSentence).join('; '), { ids: { trainingId } });
  };
}

/** Tells people, once per ceiling, that nine tenths of it are spent. */
export function warnOfBudget(deps: ActivityDependencies) {
  return async (warning: {
    readonly trainingId: string;
    readonly ceilingMicroUsd: number;
    readonly spentMicroUsd: number;
  }): Promise<void> => {
    await deps.repositories.trainings.recordBudgetWarning(warning);
  };
}
