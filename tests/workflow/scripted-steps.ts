/**
 * Steps of one training as a script of chance plays them: they take a little time, fail now and then, and between them people
 * say what a person might say. They keep the book that a vendor and a database would keep, and note what must never happen.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import type { WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { CpuActivities } from '../../activities/cpu.ts';
import type { IoActivities } from '../../activities/io.ts';
import { FAILURE_POLICY } from '../../core/failure.ts';
import type { FailureCode } from '../../core/failure.ts';
import {
  cancelTraining,
  pauseTraining,
  raiseBudget,
  resumeTraining,
  retryTraining,
  sampleNow,
  saveNow,
} from '../../workflows/contract.ts';
import { createRandom } from '../../dev/random.ts';

const SIGNALS = { cancelTraining, pauseTraining, resumeTraining, retryTraining, saveNow, sampleNow } as const;
type Act = keyof typeof SIGNALS | 'raiseBudget' | 'cancelRun';
/** How often each is said, against the others. */
const WEIGHTS: Readonly<Record<Act, number>> = {
  pauseTraining: 5,
  resumeTraining: 5,
  retryTraining: 3,
  saveNow: 2,
  sampleNow: 1,
  raiseBudget: 2,
  cancelTraining: 1,
  cancelRun: 1,
};
const ACTS = (Object.keys(WEIGHTS) as Act[]).flatMap((act) => Array.from({ length: WEIGHTS[act] }, () => act));
/** What follows a pause at once: most often somebody takes it back. */
const AFTERTHOUGHTS: readonly Act[] = [
  'resumeTraining',
  'resumeTraining',
  'resumeTraining',
  'retryTraining',
  'cancelRun',
];
const FAILURES: readonly FailureCode[] = ['POD_LOST', 'TRAINER_ERROR', 'OUT_OF_MEMORY', 'AUTH', 'BALANCE'];
/** One micro-dollar a second; ceilings of this script are far away unless they are lowered. */
const RATE = 3_600;

export interface Script {
  readonly steps: IoActivities & Pick<CpuActivities, 'curateDataset'>;
  /** What happened that never may, in words. */
  readonly violations: string[];
  readonly said: readonly Act[];
  /** What is left when the run has ended. */
  standing(): {
    readonly pods: number;
    readonly status: string;
    readonly readyTimes: number;
    readonly pausedNow: boolean;
    readonly awaitsRetry: boolean;
  };
}

/** A script for one run; the same seed draws the same one, though not the same timing. */
export function createScript(seed: number, handle: () => WorkflowHandle): Script {
  const random = createRandom(seed, 'steering');
  const violations: string[] = [];
  const said: Act[] = [];
  const pods = new Map<string, number>();
  const closed = new Set<number>();
  let status = 'pending';
  let readyTimes = 0;
  let pausedNow = false;
  let awaitsRetry = false;
  let calls = 0;
  let lastAttempt = 0;
  const plan = Array.from({ length: random.whole(1, 7) }, () => ({
    /** Said one right after the other: people take back what they have said a moment ago. */
    acts: random.next() < 0.5 ? [random.pick(ACTS)] : (['pauseTraining', random.pick(AFTERTHOUGHTS)] as const),
    /** At which call of a step it is said, and how long after. */
    atCall: random.whole(0, 24),
    afterMs: random.pick([0, 0, 5, 40]),
  }));

  const say = async (acts: readonly Act[], afterMs: number) => {
    if (afterMs > 0) await sleep(afterMs);
    for (const act of acts) await sayOne(act);
  };
  const sayOne = async (act: Act) => {
    said.push(act);
    try {
      if (act === 'cancelRun') await handle().cancel();
      else if (act === 'raiseBudget')
        await handle().executeUpdate(raiseBudget, { args: [{ ceilingMicroUsd: 1_000_000_000 + said.length }] });
      else await handle().signal(SIGNALS[act] as never);
    } catch {
      // The run has ended meanwhile, or refuses the update: people have to live with that.
    }
  };
  /** What every step has in common: people speak while it is called, it takes a little while, it may fail. */
  const step = async ({ mayFail = false, forMs = random.whole(0, 30) } = {}) => {
    calls += 1;
    for (const { acts, afterMs } of plan.filter(({ atCall }) => atCall === calls)) {
      const speaking = say(acts, afterMs);
      // Half of what is said is heard before the step goes on.
      if (random.next() < 0.5) await speaking;
    }
    const context = Context.current();
    const until = Date.now() + forMs;
    while (Date.now() < until) {
      context.heartbeat();
      await sleep(5, undefined, { signal: context.cancellationSignal }).catch(() => {
        throw context.cancellationSignal.reason;
      });
    }
    if (mayFail && random.next() < 0.06) {
      const code = random.pick(FAILURES);
      const nonRetryable = (FAILURE_POLICY[code].action as string) !== 'retry_step';
      throw ApplicationFailure.create({ type: code, message: 'as the script has it', nonRetryable });
    }
  };
  const violate = (what: string) => violations.push(`${what} (call ${calls})`);
  const never = (what: string) => {
    violate(what);
    return new Error(what);
  };
  const enter = (attempt: number) => {
    if (status === 'ready' || status === 'cancelled') violate(`went on after it was ${status}`);
    if (closed.has(attempt)) violate(`a step of attempt ${attempt}, which is closed`);
    status = 'training';
    pausedNow = false;
    awaitsRetry = false;
  };

  return {
    violations,
    said,
    standing: () => ({ pods: pods.size, status, readyTimes, pausedNow, awaitsRetry }),
    steps: {
      async beginTraining({ trainingId }) {
        await step();
        const base = { trainingId, name: 'Mia', datasetId: 'd', baseModel: 'flux', environment: 'test' } as const;
        return { ...base, steps: 100, destinations: 1, ceilingMicroUsd: 1_000_000_000 };
      },
      async curateDataset() {
        await step({ mayFail: true });
        pausedNow = false;
        awaitsRetry = false;
        status = 'training';
        const counts = { kept: 9, reserved: 0, dropped: 0 };
        return { status: 'accepted', version: 'v', manifestKey: 'm', ...counts };
      },
      async provisionPod({ attempt, podName }) {
        enter(attempt);
        if (attempt < lastAttempt) violate(`attempt ${attempt} after attempt ${lastAttempt}`);
        lastAttempt = attempt;
        await step({ mayFail: true });
        if (random.next() < 0.1) return { status: 'no_capacity', message: 'nothing in stock' };
        if ([...pods.keys()].some((name) => name !== podName)) violate('two pods at once');
        pods.set(podName, attempt);
        // The answer may come late, when the pod is there already.
        await step();
        const gpu = { gpu: 'GPU', vramGb: 24, dataCenter: 'EU', hourlyMicroUsd: RATE };
        return { status: 'provisioned', podId: podName, ...gpu, createdAtMs: Date.now() };
      },
      async awaitPodReady() {
        await step({ mayFail: true });
        return random.next() < 0.1 ? { status: 'not_ready', message: 'a bad host' } : { status: 'ready' };
      },
      async uploadDataset({ attempt }) {
        enter(attempt);
        await step({ mayFail: true });
        return { photos: 9 };
      },
      async restoreCheckpoint() {
        await step({ mayFail: true });
        return { status: 'from_zero', why: 'the script has no saves', lostSteps: 0 };
      },
      async startTraining({ attempt }) {
        enter(attempt);
        await step({ mayFail: true });
        return { jobId: 'job' };
      },
      async watchTraining({ attempt }) {
        enter(attempt);
        await step({ mayFail: true, forMs: random.whole(20, 200) });
        return { step: 100 };
      },
      async bringHome() {
        await step({ mayFail: true });
        return { status: 'home', step: 50 };
      },
      async downloadLora({ attempt }) {
        enter(attempt);
        await step({ mayFail: true });
        return { files: [{ name: 'l', key: 'k', sizeBytes: 1, sha256: 'abc' }], step: 100 };
      },
      async tearDownPod({ attempt }) {
        await step();
        for (const [name, of] of pods) if (of === attempt) pods.delete(name);
        return { costMicroUsd: 1 };
      },
      async recordAttempt({ attempt }) {
        await step();
        if ([...pods.values()].includes(attempt)) violate(`attempt ${attempt} is closed and has a pod`);
        closed.add(attempt);
      },
      async publishLora() {
        await step();
        if (pods.size > 0) violate('published while a pod bills');
        return { url: 'http://hub.test/mia' };
      },
      async recordPublishFailed() {
        await step();
      },
      async settleTraining() {
        await step();
        status = 'ready';
        readyTimes += 1;
        return { costMicroUsd: 1 };
      },
      async endTraining(end) {
        await step();
        if (pods.size > 0) violate(`${end.status} while a pod bills`);
        if (status === 'ready') violate(`${end.status} after it was ready`);
        status = end.status;
        awaitsRetry = end.awaitsRetry;
        return { costMicroUsd: 1 };
      },
      async recordPaused() {
        await step();
        if (pods.size > 0) violate('paused while a pod bills');
        pausedNow = true;
      },
      async raiseCeiling() {
        await step();
      },
      async warnOfBudget() {
        await step();
      },
      async requestCancel() {
        await step();
        await handle().cancel();
      },
      async takeOver() {
        throw never('took over what it had');
      },
      async sweepPods() {
        throw never('swept');
      },
    },
  };
}
