/** The foundation of a training's workflow: its state, the requests that it receives, and its steps. */
import { CancellationScope, proxyActivities } from '@temporalio/workflow';
import type { CpuActivities } from '../activities/cpu.ts';
import type { IoActivities } from '../activities/io.ts';
import type { Intervals } from '../core/interval.ts';
import { DEFAULT_INTERVALS } from '../core/interval.ts';
import { activityOptions } from './activity-options.ts';
import { TASK_QUEUES } from './contract.ts';
import type { TrainLoraInput } from './contract.ts';
import { createMoney } from './money.ts';
import type { Failed } from './outcome.ts';
import { receiveRequests } from './requests.ts';
import { createState } from './training-state.ts';

export type Training = ReturnType<typeof setup>;

/** What all parts of the workflow share. Everything here happens before the first await. */
export function setup(input: TrainLoraInput) {
  const { trainingId } = input;
  const intervals: Intervals = { ...DEFAULT_INTERVALS, ...input.intervals };
  const options = activityOptions(intervals, input.taskQueues ?? { io: TASK_QUEUES.io, cpu: TASK_QUEUES.cpu });
  const record = proxyActivities<IoActivities>(options.record);
  const money = createMoney({
    intervals,
    warn: (ceilingMicroUsd, spentMicroUsd) => record.warnOfBudget({ trainingId, ceilingMicroUsd, spentMicroUsd }),
  });
  const state = createState(intervals, money);
  const requests = receiveRequests({ trainingId, record, state, money });
  /** How often the training has failed: each failure is a separate event. */
  let endings = 0;

  return {
    input,
    intervals,
    options,
    money,
    state,
    requests,
    record,
    cpu: proxyActivities<CpuActivities>(options.curate),
    publishing: proxyActivities<IoActivities>(options.publish),
    tearDown: proxyActivities<IoActivities>(options.tearDown),
    /** Returns the number of the attempt. */
    beginAttempt: (positionInSet: number): number => {
      requests.forget();
      return state.countAttempt(positionInSet);
    },
    /** Puts this run where the database says the training stands. */
    takeOver: (recorded: { readonly attempt: number; readonly costMicroUsd: number }): void => {
      requests.forget();
      state.takeOver(recorded);
    },
    /** Waits, at no cost, until somebody resumes the training. `step`: the last save, if there is one. */
    waitWhilePaused: async (step: number | null): Promise<void> => {
      const by = requests.pausedBy() ?? 'a signal';
      await record.recordPaused({ trainingId, attempt: state.attempt(), by, step });
      state.notePause();
      await requests.untilResumed();
    },
    end: async (status: 'failed' | 'cancelled', { code, message }: Failed, awaitsRetry: boolean): Promise<void> => {
      if (awaitsRetry) endings += 1;
      await CancellationScope.nonCancellable(async () => {
        const ended = await record.endTraining({
          trainingId,
          attempt: state.attempt(),
          ending: endings,
          status,
          awaitsRetry,
          retryWindowMs: intervals.retryWindowMs,
          reason: code,
          message,
        });
        state.finish(status, code, ended.costMicroUsd, awaitsRetry ? 'awaiting_retry' : 'done');
      });
    },
  };
}
