/** A training's ceiling in terms of time: a pod bills by the second, so money left is time left. */
import { rentMicroUsd } from './money.ts';

const MS_PER_HOUR = 3_600_000;
/** Share of the ceiling at which people are warned. */
const WARN_SHARE = 0.9;

interface Rented {
  /** Everything that bills: GPU and disk. Micro-dollars per hour. */
  readonly hourlyMicroUsd: number;
  /** When it starts to bill. Epoch milliseconds. */
  readonly createdAtMs: number;
}

export interface BudgetMargins {
  /** Reserved for requesting a save and copying it to our store. Milliseconds. */
  readonly budgetSaveMs: number;
  /** Reserved for the teardown: the pod bills until the vendor has ended it. Milliseconds. */
  readonly budgetTeardownMs: number;
}

export interface BudgetClock {
  /** When 90 % of the ceiling will be spent. Epoch milliseconds. */
  readonly warnAtMs: number;
  /** When a running training is asked to save and stop. Epoch milliseconds. */
  readonly saveAtMs: number;
  /** When the teardown of the pod must begin, whatever it is doing. Epoch milliseconds. */
  readonly endAtMs: number;
}

/** When a pod's rent will reach a training's ceiling; `spentMicroUsd` is what its earlier pods have cost. */
export function budgetClock(
  ceilingMicroUsd: number,
  spentMicroUsd: number,
  pod: Rented,
  { budgetSaveMs, budgetTeardownMs }: BudgetMargins,
): BudgetClock {
  const reachedAt = (microUsd: number) =>
    pod.createdAtMs + Math.floor((Math.max(0, microUsd - spentMicroUsd) * MS_PER_HOUR) / pod.hourlyMicroUsd);
  const endAtMs = reachedAt(ceilingMicroUsd) - budgetTeardownMs;
  return { warnAtMs: reachedAt(ceilingMicroUsd * WARN_SHARE), saveAtMs: endAtMs - budgetSaveMs, endAtMs };
}

/** Whether what is left of a ceiling pays for a pod that can do more than save and shut down. */
export function canRent(leftMicroUsd: number, hourlyMicroUsd: number, margins: BudgetMargins): boolean {
  return leftMicroUsd > rentMicroUsd(hourlyMicroUsd, margins.budgetSaveMs + margins.budgetTeardownMs);
}
