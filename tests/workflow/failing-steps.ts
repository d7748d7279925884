/** Steps of one training that succeed at once, except those that a story makes fail; they write down every call. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import type { WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { CpuActivities } from '../../activities/cpu.ts';
import type { IoActivities } from '../../activities/io.ts';
import type { FailureCode } from '../../core/failure.ts';
import { pauseTraining, resumeTraining } from '../../workflows/contract.ts';

type Steps = IoActivities & Pick<CpuActivities, 'curateDataset'>;
export type StepName = keyof Steps;

/** What happens at the first call of a step, at the second, and so on; later calls succeed. */
export type Story = { readonly [Name in StepName]?: readonly ((run: WorkflowHandle) => ReturnType<Steps[Name]>)[] };

export interface FailingSteps {
  readonly steps: Steps;
  /** "provisionPod attempt=1 pod=-a1p1": every call in its order. */
  readonly transcript: string[];
}

export function createFailingSteps(story: Story, run: () => WorkflowHandle): FailingSteps {
  const transcript: string[] = [];
  const calls = new Map<StepName, number>();
  const steps = successfulSteps(run);
  const told = Object.keys(steps).map((name) => {
    const step = name as StepName;
    const play = async (input: never) => {
      transcript.push([step, ...detailsOf(input)].join(' '));
      const call = calls.get(step) ?? 0;
      calls.set(step, call + 1);
      const twist = story[step]?.[call];
      return await (twist === undefined ? (steps[step] as (input: never) => Promise<unknown>)(input) : twist(run()));
    };
    return [step, play];
  });
  return { steps: Object.fromEntries(told) as Steps, transcript };
}

const DETAILS = ['attempt', 'minVramGb', 'overrides', 'status', 'reason', 'awaitsRetry', 'what'] as const;

function detailsOf(input: Readonly<Record<string, unknown>>): string[] {
  const details = DETAILS.filter((name) => input[name] !== undefined).map(
    (name) => `${name}=${JSON.stringify(input[name])}`,
  );
  const { podName } = input;
  return typeof podName === 'string' ? [...details, `pod=${podName.slice(podName.lastIndexOf('-'))}`] : details;
}

function successfulSteps(run: () => WorkflowHandle): Steps {
  const nothing = async () => undefined;
  return {
    beginTraining: async ({ trainingId }) => ({
      trainingId,
      name: 'Mia',
      datasetId: 'd',
      baseModel: 'flux',
      environment: 'test',
      steps: 100,
      destinations: 1,
      ceilingMicroUsd: 1_000_000_000,
    }),
    curateDataset: async () => ({
      status: 'accepted',
      version: 'v',
      manifestKey: 'm',
      kept: 9,
      reserved: 0,
      dropped: 0,
    }),
    provisionPod: async ({ podName }) => ({
      status: 'provisioned',
      podId: podName,
      gpu: 'GPU',
      vramGb: 24,
      dataCenter: 'EU',
      hourlyMicroUsd: 3_600,
      createdAtMs: Date.now(),
    }),
    awaitPodReady: async () => ({ status: 'ready' }),
    uploadDataset: async () => ({ photos: 9 }),
    restoreCheckpoint: async () => ({ status: 'from_zero', why: 'there are no saves', lostSteps: 0 }),
    startTraining: async () => ({ jobId: 'job' }),
    watchTraining: async () => ({ step: 100 }),
    bringHome: async () => ({ status: 'home', step: 50 }),
    downloadLora: async () => ({ files: [{ name: 'l', key: 'k', sizeBytes: 1, sha256: 'abc' }], step: 100 }),
    tearDownPod: async () => ({ costMicroUsd: 1 }),
    recordAttempt: nothing,
    publishLora: async () => ({ url: 'http://hub.test/mia' }),
    recordPublishFailed: nothing,
    settleTraining: async () => ({ costMicroUsd: 1 }),
    endTraining: async () => ({ costMicroUsd: 1 }),
    recordPaused: async () => await run().signal(resumeTraining),
    raiseCeiling: nothing,
    warnOfBudget: nothing,
    requestCancel: nothing,
    takeOver: async () => ({ status: 'goes_on', attempt: 1, costMicroUsd: 1 }),
    sweepPods: async () => {
      throw new Error('no training sweeps');
    },
  };
}

/** Fails for good with a code of the policy. */
export async function failWith(code: FailureCode): Promise<never> {
  throw ApplicationFailure.create({ type: code, message: 'as the story has it', nonRetryable: true });
}

/** Goes on until it is cancelled or its time is up. */
export async function hang(): Promise<never> {
  const { heartbeat, cancellationSignal } = Context.current();
  while (!cancellationSignal.aborted) {
    heartbeat();
    await sleep(5);
  }
  throw cancellationSignal.reason;
}

export async function hangPaused(run: WorkflowHandle): Promise<never> {
  await run.signal(pauseTraining);
  return await hang();
}

export async function hangCancelled(run: WorkflowHandle): Promise<never> {
  await run.cancel();
  return await hang();
}
