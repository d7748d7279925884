/** What a training's workflow knows about its training, and shows: search attributes, details, the query's answer. */
import { setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import type { TrainingPlan } from '../activities/begin-training.ts';
import type { ProvisionedPod } from '../activities/provision-pod.ts';
import type { RestoredCheckpoint } from '../activities/restore-checkpoint.ts';
import type { FailureCode } from '../core/failure.ts';
import type { Intervals } from '../core/interval.ts';
import type { TrainingPhase, TrainingStatus } from '../core/status.ts';
import type { ReportProgress, TrainingState } from './contract.ts';
import { describeTraining } from './details.ts';
import type { Money } from './money.ts';
import { loraAttempt, loraCostUsd, loraGpu, loraPhase, loraStatus } from './search-attributes.ts';

export type State = ReturnType<typeof createState>;

/** The state before the first step; whatever changes it shows it at once. */
export function createState({ maxAttempts }: Intervals, money: Money) {
  const state: { -readonly [Key in Exclude<keyof TrainingState, 'ceilingMicroUsd'>]: TrainingState[Key] } = {
    status: 'pending',
    phase: 'queued',
    reason: null,
    attempt: 0,
    attemptOfSet: 0,
    podId: null,
    costMicroUsd: 0,
  };
  let plan: TrainingPlan | null = null;
  let pod: ProvisionedPod | null = null;
  let progress: ReportProgress | null = null;
  let restored: RestoredCheckpoint | null = null;
  let waiting: string | null = null;
  const failedBefore = new Set<FailureCode>();

  const current = (): TrainingState => ({ ...state, ceilingMicroUsd: money.ceiling() });
  const show = () =>
    setCurrentDetails(describeTraining({ state: current(), plan, pod, progress, restored, waiting, maxAttempts }));
  const publish = () => {
    upsertSearchAttributes([
      { key: loraStatus, value: state.status },
      { key: loraPhase, value: state.phase },
      { key: loraAttempt, value: state.attempt },
      { key: loraGpu, value: pod?.gpu ?? null },
      { key: loraCostUsd, value: state.costMicroUsd / 1_000_000 },
    ]);
    show();
  };

  return {
    current,
    show,
    hasBegun: () => plan !== null,
    /** The number of the current attempt; 0: there has been none. */
    attempt: () => state.attempt,
    /** The pod that is billed; null: none that the workflow knows of. */
    pod: () => pod,
    notePlan: (begun: TrainingPlan) => {
      plan = begun;
      money.setCeiling(begun.ceilingMicroUsd ?? null);
    },
    enter: (phase: TrainingPhase, rented?: ProvisionedPod) => {
      if (phase === 'provisioning') {
        pod = null;
        progress = null;
        restored = null;
      }
      pod = rented ?? pod;
      waiting = null;
      Object.assign(state, { status: 'training', phase, reason: null, podId: pod?.podId ?? null });
      publish();
    },
    /** Why nothing is happening; null: something is. */
    noteWaiting: (reason: string | null) => {
      waiting = reason;
      show();
    },
    noteRestore: (checkpoint: RestoredCheckpoint) => {
      restored = checkpoint;
      show();
    },
    noteProgress: (reported: ReportProgress) => {
      progress = reported;
      show();
    },
    noteCost: (costMicroUsd: number) => {
      state.costMicroUsd = costMicroUsd;
    },
    notePause: () => {
      pod = null;
      Object.assign(state, { phase: 'paused', reason: 'PAUSED', podId: null, costMicroUsd: money.spent() });
      publish();
    },
    /** Whether an attempt of this training has failed with the code before; from now on one has. */
    hasFailedBefore: (code: FailureCode): boolean => {
      const before = failedBefore.has(code);
      failedBefore.add(code);
      return before;
    },
    /** Counts an attempt and returns its number. */
    countAttempt: (positionInSet: number): number => {
      money.nextAttempt();
      state.attempt += 1;
      state.attemptOfSet = positionInSet;
      return state.attempt;
    },
    /** Puts this run where the database says the training stands. */
    takeOver: ({ attempt, costMicroUsd }: { readonly attempt: number; readonly costMicroUsd: number }) => {
      money.takeOver(costMicroUsd);
      Object.assign(state, { attempt, costMicroUsd });
    },
    finish: (
      status: TrainingStatus,
      reason: FailureCode | null,
      costMicroUsd: number,
      phase: TrainingPhase = 'done',
    ) => {
      Object.assign(state, { status, phase, reason, costMicroUsd, podId: null });
      pod = null;
      waiting = null;
      publish();
    },
  };
}
