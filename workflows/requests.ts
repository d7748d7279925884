/** What people ask of a running training: signals, the update of its ceiling, the query. */
import { CancellationScope, condition, isCancellation, log, patched, setHandler } from '@temporalio/workflow';
import { HandlerUnfinishedPolicy } from '@temporalio/common';
import type { BringHomeInput, BroughtHome } from '../activities/bring-home.ts';
import type { IoActivities } from '../activities/io.ts';
import { rentMicroUsd } from '../core/money.ts';
import type { RecipeOverrides } from '../core/recipe.ts';
import {
  cancelTraining,
  pauseTraining,
  raiseBudget,
  reportProgress,
  resumeTraining,
  retryTraining,
  sampleNow,
  saveNow,
  trainingStatus,
} from './contract.ts';
import type { Money } from './money.ts';
import { failureOf } from './outcome.ts';
import type { State } from './training-state.ts';

interface RequestOptions {
  readonly trainingId: string;
  readonly record: Pick<IoActivities, 'requestCancel' | 'raiseCeiling'>;
  readonly state: State;
  readonly money: Money;
}

/**
 * Sets the handlers, which must happen before the first await: a signal that arrived before the first task is handled as
 * soon as its handler is set.
 */
export function receiveRequests({ trainingId, record, state, money }: RequestOptions) {
  // Asked here: at a place of its own in the history, whatever arrives together.
  const isCeilingLast = patched('ceiling-after-signals');
  const root = CancellationScope.current();
  let cancelledBy: string | null = null;
  let isRetryRequested = false;
  let overrides: RecipeOverrides = {};
  /** The attempt that is running. */
  let running: CancellationScope | null = null;
  let pausedBy: string | null = null;
  let copies: BringHomeInput['what'][] = [];

  setHandler(
    cancelTraining,
    async (request) => {
      cancelledBy = request?.by ?? 'a signal';
      // Ask Temporal itself to cancel this run: only then does it end as Canceled, and signal, API and button share one
      // path.
      await CancellationScope.nonCancellable(() => record.requestCancel({ trainingId }));
    },
    {
      description: 'Cancels the training: the pod is torn down and nothing is published. Same as the Cancel button.',
      unfinishedPolicy: HandlerUnfinishedPolicy.ABANDON,
    },
  );
  setHandler(
    retryTraining,
    (request) => {
      isRetryRequested = true;
      pausedBy = null;
      overrides = { ...overrides, ...request?.overrides };
      running?.cancel();
    },
    {
      description:
        'After a failure: starts a fresh set of attempts. During an attempt: ends it (pod first) and starts the next one with a fresh count. Optional: {"by": "...", "overrides": {"steps": 1500}}.',
    },
  );
  setHandler(
    pauseTraining,
    (request) => {
      pausedBy ??= request?.by ?? 'a signal';
      // Before the first step there is nothing to save; after the last one the LoRA is nearly done.
      const { phase } = state.current();
      if (phase === 'provisioning' || phase === 'uploading') running?.cancel();
    },
    {
      description:
        'Saves, copies the save to our store, terminates the pod and waits for `resumeTraining`, for days if need be, at no cost.',
    },
  );
  setHandler(
    resumeTraining,
    () => {
      pausedBy = null;
    },
    { description: 'Continues after `pauseTraining`, from the last save, on a new pod.' },
  );
  const requestCopy = (what: BringHomeInput['what']) => () => {
    if (state.current().phase === 'training') copies.push(what);
    else log.info('nothing is training: the request is ignored', { what });
  };
  setHandler(saveNow, requestCopy('save'), {
    description: 'Makes the trainer save a checkpoint now and copies it to our store.',
  });
  setHandler(sampleNow, requestCopy('samples'), {
    description: 'Makes the trainer render samples now and copies them to our store.',
  });
  let isCeilingChanging = false;
  setHandler(
    raiseBudget,
    async ({ ceilingMicroUsd }) => {
      if (isCeilingLast) await afterAllThatCameWithIt();
      // Whoever sets a ceiling right after the start need not know when the workflow has read its plan.
      await condition(state.hasBegun);
      // One at a time, or the database and this run might end up with different ceilings.
      while (isCeilingChanging && patched('ceilings-in-turn')) await condition(() => !isCeilingChanging);
      isCeilingChanging = true;
      try {
        await record.raiseCeiling({ trainingId, ceilingMicroUsd });
        money.setCeiling(ceilingMicroUsd);
      } finally {
        isCeilingChanging = false;
      }
      state.show();
      return { ceilingMicroUsd };
    },
    {
      description:
        'Raises or lowers what the training may cost: {"ceilingMicroUsd": 2000000}. A training that was stopped at its ceiling continues from its last save once the ceiling is raised.',
      validator: ({ ceilingMicroUsd }) => {
        if (state.current().phase === 'done') throw new Error('This training has ended');
        const pod = state.pod();
        const spentMicroUsd =
          money.spent() + (pod ? rentMicroUsd(pod.hourlyMicroUsd, Date.now() - pod.createdAtMs) : 0);
        if (!Number.isSafeInteger(ceilingMicroUsd) || ceilingMicroUsd < Math.max(1, spentMicroUsd))
          throw new Error(
            `The ceiling must be a whole number of micro-dollars, not less than the ${spentMicroUsd} already spent`,
          );
      },
    },
  );
  setHandler(reportProgress, state.noteProgress, {
    description: 'Internal: the trainer’s progress, at a few milestones of each attempt.',
  });
  setHandler(trainingStatus, state.current, {
    description: 'Status, phase, attempt and cost as the workflow knows them.',
  });

  return {
    cancelledBy: () => `Cancelled by ${cancelledBy ?? 'an operator'}`,
    /** True once the whole run is being cancelled. */
    isCancelled: (): boolean => root.consideredCancelled,
    /** What people have replaced in the recipe. */
    overrides: () => overrides,
    /** True when a retry has been requested and the training has not been cancelled. */
    isRetryRequested: (): boolean => isRetryRequested && !root.consideredCancelled,
    /** Waits for `retryTraining`, or for a raised ceiling; a request that arrived a little early counts too. */
    retriedWithin: async (windowMs: number): Promise<boolean> => {
      const isRaised = () => state.current().reason === 'BUDGET_EXCEEDED' && money.isRaised();
      const retried = await condition(() => isRetryRequested || isRaised(), windowMs);
      isRetryRequested = false;
      pausedBy = null;
      return retried;
    },
    /** Who has paused the training; null: nobody. */
    pausedBy: () => pausedBy,
    /** True when a pause has been requested and the training has not been cancelled. */
    isPauseRequested: (): boolean => pausedBy !== null && !root.consideredCancelled,
    untilPauseRequested: () => condition(() => pausedBy !== null),
    untilResumed: () => condition(() => pausedBy === null),
    /** Drops requests that meant the previous attempt, or the previous run of the workflow. */
    forget: () => {
      isRetryRequested = false;
      copies = [];
    },
    /** Copies saves and samples as they are requested, until it is cancelled. */
    serve: async (bringHome: (what: BringHomeInput['what']) => Promise<BroughtHome>) => {
      for (;;) {
        await condition(() => copies.length > 0);
        const what = copies.shift()!;
        try {
          await bringHome(what);
        } catch (error) {
          if (isCancellation(error)) throw error;
          log.warn('the requested save or samples could not be copied', { what, failure: failureOf(error) });
        }
      }
    },
    /** Runs in a scope that `retryTraining` cancels. */
    interruptible: async <T>(work: () => Promise<T>): Promise<T> => {
      const scope = new CancellationScope();
      running = scope;
      try {
        return await scope.run(work);
      } finally {
        running = null;
      }
    },
  };
}

/**
 * Until everything that reached the workflow at the same time has had its effect. To a run that was reset Temporal hands an
 * update that is applied again before the signals beside it, and behind them in a replay (SDK 1.24.0, 2026-11).
 */
async function afterAllThatCameWithIt(): Promise<void> {
  let isAsked = false;
  // False when it is asked at once, true when conditions are asked: after all signals and what they set off.
  await condition(() => isAsked || !(isAsked = true));
}
