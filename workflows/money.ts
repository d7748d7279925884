/**
 * A training's money, as its workflow knows it: the ceiling, what has been spent, and when a pod's rent reaches the
 * ceiling.
 */
import { condition } from '@temporalio/workflow';
import type { ProvisionedPod } from '../activities/provision-pod.ts';
import { budgetClock } from '../core/budget.ts';
import type { Intervals } from '../core/interval.ts';
import { formatUsd, rentMicroUsd } from '../core/money.ts';
import type { Failed } from './outcome.ts';
import type { Halt } from './halt.ts';

type Rate = Pick<ProvisionedPod, 'hourlyMicroUsd' | 'createdAtMs'>;
type CeilingReached = { readonly status: 'failed'; readonly vramGb: null; readonly step: null } & Failed;

export type Money = ReturnType<typeof createMoney>;

interface MoneyOptions {
  readonly intervals: Intervals;
  /** Warns that 90 % of the ceiling has been spent. */
  readonly warn: (ceilingMicroUsd: number, spentMicroUsd: number) => Promise<void>;
}

/** A generous ceiling may be years away, so timers are set for at most this long and then set again. Milliseconds. */
const MAX_TIMER_MS = 30 * 86_400_000;

/** Without a ceiling nothing here sets a timer, so that the histories of such runs still replay. */
export function createMoney({ intervals, warn }: MoneyOptions) {
  let ceiling: number | null = null;
  let spentBefore = 0;
  let spentOnAttempt = 0;
  let warnedOf: number | null = null;
  let exceededAt: number | null = null;

  const spent = () => spentBefore + spentOnAttempt;
  const clockOf = (pod: Rate) => (ceiling === null ? null : budgetClock(ceiling, spent(), pod, intervals));
  /** Waits until a moment that moves when the ceiling is raised. */
  const reached = async (momentOf: () => number | null): Promise<void> => {
    for (;;) {
      const moment = momentOf();
      const known = ceiling;
      if (moment === null) {
        await condition(() => ceiling !== known);
        continue;
      }
      const leftMs = moment - Date.now();
      if (leftMs <= 0) return;
      await condition(() => ceiling !== known, Math.min(leftMs, MAX_TIMER_MS));
    }
  };
  const exceeded = (): CeilingReached => {
    exceededAt = ceiling;
    const message = `The ceiling of ${formatUsd(ceiling ?? 0)} has been reached; raise it to continue from the last save`;
    return { status: 'failed', vramGb: null, step: null, code: 'BUDGET_EXCEEDED', message };
  };

  return {
    ceiling: () => ceiling,
    spent,
    setCeiling: (microUsd: number | null) => {
      ceiling = microUsd;
    },
    /** Total cost of the current attempt's pods that have been terminated. */
    attemptHasCost: (microUsd: number) => {
      spentOnAttempt = microUsd;
    },
    nextAttempt: () => {
      spentBefore += spentOnAttempt;
      spentOnAttempt = 0;
    },
    /** What the training had cost before this run took it over. */
    takeOver: (microUsd: number) => {
      spentBefore = microUsd;
      spentOnAttempt = 0;
    },
    exceeded,
    /** Whether the ceiling that stopped the training has been raised. */
    isRaised: () => exceededAt !== null && ceiling !== null && ceiling > exceededAt,
    /** What another pod may cost, for the step that rents it. */
    budget: () => {
      if (ceiling === null) return {};
      const { budgetSaveMs, budgetTeardownMs } = intervals;
      return { budget: { leftMicroUsd: ceiling - spent(), budgetSaveMs, budgetTeardownMs } };
    },
    /** Resolves when the teardown of the pod must begin, whatever it is doing. */
    usedUpBy: async (pod: Rate): Promise<Halt> => {
      await reached(() => clockOf(pod)?.endAtMs ?? null);
      return 'ceiling';
    },
    /** Resolves when a running training must save and stop; warns on the way. */
    savesAt: async (pod: Rate): Promise<void> => {
      for (;;) {
        let isWarning = false;
        await reached(() => {
          const clock = clockOf(pod);
          isWarning = clock !== null && warnedOf !== ceiling;
          return clock && (isWarning ? Math.min(clock.warnAtMs, clock.saveAtMs) : clock.saveAtMs);
        });
        if (!isWarning || ceiling === null) return;
        warnedOf = ceiling;
        await warn(ceiling, spent() + rentMicroUsd(pod.hourlyMicroUsd, Date.now() - pod.createdAtMs));
      }
    },
  };
}
