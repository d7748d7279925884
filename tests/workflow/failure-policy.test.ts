/** The failure table decides: a change of any field of any row changes what the workflow does. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { Context } from '@temporalio/activity';
import { Client } from '@temporalio/client';
import type { WorkflowHandle } from '@temporalio/client';
import { DefaultLogger, Runtime, Worker, bundleWorkflowCode } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FAILURE_CODES, failurePolicy } from '../../core/failure.ts';
import type { FailureAction, FailureCode } from '../../core/failure.ts';
import { TRAIN_LORA_WORKFLOW, trainingWorkflowId } from '../../workflows/contract.ts';
import { nativeTemporalConnection, temporalConnection } from '../support/temporal.ts';
import type { ChangedPolicyInput, PolicyChange } from './changed-policy.ts';
import { createFailingSteps, failWith, hang, hangCancelled, hangPaused } from './failing-steps.ts';
import type { FailingSteps, StepName, Story } from './failing-steps.ts';

Runtime.install({ logger: new DefaultLogger('ERROR') });

const QUEUE = `failure-policy-${randomBytes(4).toString('hex')}`;
const plays = new Map<string, FailingSteps>();
let client: Client;
let native: Awaited<ReturnType<typeof nativeTemporalConnection>>;
let worker: Worker;
let working: Promise<void>;
beforeAll(async () => {
  const { connection, namespace } = await temporalConnection();
  client = new Client({ connection, namespace });
  native = await nativeTemporalConnection();
  worker = await Worker.create({
    ...native,
    taskQueue: QUEUE,
    workflowBundle: await bundleWorkflowCode({
      workflowsPath: join(import.meta.dirname, 'changed-policy.ts'),
      logger: new DefaultLogger('ERROR'),
    }),
    activities: stepsOfAll(),
    maxHeartbeatThrottleInterval: 20,
    defaultHeartbeatThrottleInterval: 20,
  });
  working = worker.run();
});
afterAll(async () => {
  worker.shutdown();
  await working;
  await native.connection.close();
  await client.connection.close();
});

/** Every run meets the steps of its own story. */
function stepsOfAll() {
  const { steps } = createFailingSteps({}, () => {
    throw new Error('nobody plays this one');
  });
  const names = Object.keys(steps) as StepName[];
  return Object.fromEntries(
    names.map((name) => [
      name,
      async (input: never) => {
        const { steps: own } = plays.get(Context.current().info.workflowExecution!.workflowId)!;
        return await (own[name] as (input: never) => Promise<unknown>)(input);
      },
    ]),
  );
}

/** What a training does in this story, when its table has this change: each step that it calls, and how it ends. */
async function play(story: Story, change: PolicyChange | null): Promise<string[]> {
  const trainingId = randomBytes(8).toString('hex');
  const workflowId = trainingWorkflowId(trainingId);
  let run: WorkflowHandle = client.workflow.getHandle(workflowId);
  const failing = createFailingSteps(story, () => run);
  plays.set(workflowId, failing);
  const intervals = { capacityWaitMs: [10], retryIntervalMs: 10, retryWindowMs: 20, trainingTimeoutMs: 1_500 };
  const input: ChangedPolicyInput = { trainingId, intervals, taskQueues: { io: QUEUE, cpu: QUEUE }, change };
  run = await client.workflow.start(TRAIN_LORA_WORKFLOW, { workflowId, taskQueue: QUEUE, args: [input] });
  await run.result().catch(() => undefined);
  const { status } = await run.describe();
  return [...failing.transcript, status.name];
}

const attemptsIn = (transcript: readonly string[]) =>
  transcript.filter((line) => line.startsWith('recordAttempt')).length;

/** How a failure with this code comes about; where nothing else is said, a step on the pod ends with it. */
function storyOf(code: FailureCode): Story {
  switch (code) {
    case 'NO_CAPACITY':
      return { provisionPod: [async () => ({ status: 'no_capacity', message: 'nothing in stock' })] };
    case 'BUDGET_EXCEEDED':
      return { provisionPod: [async () => ({ status: 'too_dear' })] };
    case 'POD_NOT_READY':
      return { awaitPodReady: [notReady] };
    case 'DATASET_REJECTED':
      return { curateDataset: [async () => ({ status: 'rejected', message: 'too few photos' }) as never] };
    case 'TRAINING_TOO_LONG':
      return { watchTraining: [hang] };
    case 'PAUSED':
      return { watchTraining: [hangPaused] };
    case 'CANCELLED':
      return { watchTraining: [hangCancelled] };
    case 'PUBLISH_FAILED':
      return { publishLora: [() => failWith(code)] };
    case 'RESET':
      return { settleTraining: [() => failWith(code)] };
    default:
      return { watchTraining: [() => failWith(code)] };
  }
}

const notReady = async () => ({ status: 'not_ready', message: 'a bad host' }) as const;

/** A row with this action, and with nothing else out of the ordinary. */
function withAction(code: FailureCode, action: FailureAction): PolicyChange {
  const attempt = { countsAsAttempt: true, largerGpu: false, oncePerTraining: false };
  return { code, fields: { action, ...attempt } };
}

describe('the action of each row', () => {
  test.concurrent.each(FAILURE_CODES)('%s', async (code) => {
    const story = storyOf(code);
    const other = failurePolicy(code).action === 'stop' ? 'send_again' : 'stop';

    const [asItIs, again, changed] = await Promise.all([
      play(story, null),
      play(story, null),
      play(story, withAction(code, other)),
    ]);

    expect(again).toEqual(asItIs);
    expect(changed).not.toEqual(asItIs);
  });

  test('each is carried out in a way of its own', async () => {
    const code = 'TRAINER_ERROR';
    const played = await Promise.all(
      ACTIONS.map(async (action) => [action, await play(storyOf(code), withAction(code, action))] as const),
    );

    expect(Object.fromEntries(played.map(([action, transcript]) => [action, gist(transcript)]))).toEqual({
      new_attempt: ['TRAINER_ERROR', 'succeeded', 'COMPLETED'],
      new_pod: ['succeeded', 'COMPLETED'],
      retry_step: ['POD_LOST', 'succeeded', 'COMPLETED'],
      stop: ['TRAINER_ERROR', 'failed, waits', 'failed', 'FAILED'],
      send_again: ['TRAINER_ERROR', 'failed', 'FAILED'],
      cancel: ['TRAINER_ERROR', 'cancelled', 'FAILED'],
      pause: ['TRAINER_ERROR', 'paused', 'succeeded', 'COMPLETED'],
      take_over: ['TRAINER_ERROR', 'taken over', 'succeeded', 'COMPLETED'],
    });
  });
});

const ACTIONS: readonly FailureAction[] = [
  'new_attempt',
  'new_pod',
  'retry_step',
  'stop',
  'send_again',
  'cancel',
  'pause',
  'take_over',
];

/** How each attempt and the training ended. */
function gist(transcript: readonly string[]): string[] {
  const value = (line: string, name: string) => new RegExp(`${name}="?(\\w+)`).exec(line)?.[1];
  return transcript.flatMap((line) => {
    if (line.startsWith('recordAttempt'))
      return value(line, 'reason') === 'null' ? (value(line, 'status') ?? []) : (value(line, 'reason') ?? []);
    if (line.startsWith('endTraining'))
      return `${value(line, 'status')}${value(line, 'awaitsRetry') === 'true' ? ', waits' : ''}`;
    if (line.startsWith('recordPaused')) return 'paused';
    if (line.startsWith('takeOver')) return 'taken over';
    return /^[A-Z]+$/.test(line) ? line : [];
  });
}

/** Codes whose rows have this field. */
const withField = (field: string) => FAILURE_CODES.filter((code) => field in failurePolicy(code));

describe('the other fields of each row', () => {
  test.concurrent.each(withField('countsAsAttempt'))('countsAsAttempt of %s', async (code) => {
    const others = ['a', 'b'].map(
      () => () => failWith(code === 'TRAINER_ERROR' ? 'ARTIFACT_INVALID' : 'TRAINER_ERROR'),
    );
    const story: Story =
      code === 'POD_NOT_READY'
        ? { awaitPodReady: [notReady, notReady, notReady], watchTraining: others }
        : { watchTraining: [() => failWith(code), ...others] };

    const counted = await play(story, { code, fields: { countsAsAttempt: true } });
    const free = await play(story, { code, fields: { countsAsAttempt: false } });

    expect([attemptsIn(counted), counted.at(-1)]).toEqual([3, 'FAILED']);
    expect([attemptsIn(free), free.at(-1)]).toEqual([4, 'COMPLETED']);
  });

  test.concurrent.each(withField('oncePerTraining'))('oncePerTraining of %s', async (code) => {
    const story: Story = { watchTraining: [() => failWith(code), () => failWith(code)] };

    const once = await play(story, { code, fields: { oncePerTraining: true } });
    const always = await play(story, { code, fields: { oncePerTraining: false } });

    expect([attemptsIn(once), once.at(-1)]).toEqual([2, 'FAILED']);
    expect([attemptsIn(always), always.at(-1)]).toEqual([3, 'COMPLETED']);
  });

  test.concurrent.each(withField('largerGpu'))('largerGpu of %s', async (code) => {
    const story = storyOf(code);
    const rented = (transcript: readonly string[]) => transcript.filter((line) => line.startsWith('provisionPod'))[1];

    const larger = await play(story, { code, fields: { largerGpu: true } });
    const same = await play(story, { code, fields: { largerGpu: false } });

    expect(rented(larger)).toMatch(/minVramGb=25 overrides={"lowVram":true}/);
    expect(rented(same)).toMatch(/attempt=2 overrides={} /);
  });

  test.concurrent.each(['AUTH', 'BALANCE'] as const)('publicationKeepsCode of %s', async (code) => {
    const story: Story = { publishLora: [() => failWith(code)] };
    const reason = (transcript: readonly string[]) =>
      /recordPublishFailed reason="(\w+)"/.exec(transcript.join('\n'))?.[1];

    const kept = await play(story, { code, fields: { publicationKeepsCode: true } });
    const replaced = await play(story, { code, fields: { publicationKeepsCode: false } });

    expect([reason(kept), kept.at(-1)]).toEqual([code, 'COMPLETED']);
    expect([reason(replaced), replaced.at(-1)]).toEqual(['PUBLISH_FAILED', 'COMPLETED']);
  });
});
