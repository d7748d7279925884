/** Whatever people say to a training, in whatever order and at whatever moment: it ends as somebody wanted, without a pod. */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from '@temporalio/client';
import type { WorkflowHandle } from '@temporalio/client';
import { DefaultLogger, Runtime, Worker, bundleWorkflowCode } from '@temporalio/worker';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isFailureCode } from '../../core/failure.ts';
import { WORKFLOWS_PATH } from '../../workers/roles.ts';
import { TRAIN_LORA_WORKFLOW, resumeTraining, trainingWorkflowId } from '../../workflows/contract.ts';
import { nativeTemporalConnection, temporalConnection } from '../support/temporal.ts';
import { createScript } from './scripted-steps.ts';
import type { Script } from './scripted-steps.ts';

/** More by hand: STEERING_RUNS=1000 STEERING_SEED=7. */
const RUNS = Number(process.env['STEERING_RUNS'] ?? 40);
const FIRST_SEED = Number(process.env['STEERING_SEED'] ?? 1);
const AT_ONCE = 8;

Runtime.install({ logger: new DefaultLogger('ERROR') });

let client: Client;
let native: Awaited<ReturnType<typeof nativeTemporalConnection>>;
let bundle: Awaited<ReturnType<typeof bundleWorkflowCode>>;
beforeAll(async () => {
  const { connection, namespace } = await temporalConnection();
  client = new Client({ connection, namespace });
  native = await nativeTemporalConnection();
  bundle = await bundleWorkflowCode({ workflowsPath: WORKFLOWS_PATH, logger: new DefaultLogger('ERROR') });
});
afterAll(async () => {
  await client.connection.close();
  await native.connection.close();
});

/** Plays a script against the real workflow; answers what went wrong, in words. */
async function play(createSteps: (handle: () => WorkflowHandle) => Script): Promise<string[]> {
  const trainingId = randomBytes(8).toString('hex');
  const queue = `steering-${trainingId}`;
  let handle: WorkflowHandle | undefined;
  const script = createSteps(() => handle!);
  const worker = await Worker.create({
    connection: native.connection,
    namespace: native.namespace,
    taskQueue: queue,
    workflowBundle: bundle,
    activities: script.steps,
    maxHeartbeatThrottleInterval: 20,
    defaultHeartbeatThrottleInterval: 20,
  });
  return await worker.runUntil(async () => {
    const intervals = {
      capacityWaitMs: [20],
      capacityTimeoutMs: 5_000,
      heartbeatTimeoutMs: 10_000,
      retryIntervalMs: 20,
      retryWindowMs: 300,
      pauseSaveMs: 2_000,
    };
    handle = client.workflow.getHandle(trainingWorkflowId(trainingId));
    handle = await client.workflow.start(TRAIN_LORA_WORKFLOW, {
      workflowId: trainingWorkflowId(trainingId),
      taskQueue: queue,
      args: [{ trainingId, intervals, taskQueues: { io: queue, cpu: queue } }],
    });
    const run = handle;
    let isOver = false;
    const ending = run
      .result()
      .then(
        () => 'ready',
        () => 'not ready',
      )
      .finally(() => (isOver = true));
    // Somebody resumes in the end what somebody else has paused.
    const resuming = (async () => {
      while (!isOver) {
        await sleep(100);
        if (script.standing().pausedNow) await run.signal(resumeTraining).catch(() => undefined);
      }
    })();
    await Promise.all([ending, resuming]);
    const faults = [...script.violations];
    const { status } = await run.describe();
    const { pods, status: row, readyTimes } = script.standing();
    const wantsEnd = script.said.some((act) => act === 'cancelTraining' || act === 'cancelRun');
    if (pods > 0) faults.push(`${pods} pods are left`);
    if (status.name === 'COMPLETED' && (row !== 'ready' || readyTimes !== 1))
      faults.push(`completed, and the row says ${row}`);
    if (status.name === 'CANCELLED' && !(wantsEnd && row === 'cancelled'))
      faults.push(`cancelled, the row says ${row}`);
    if (status.name === 'FAILED') {
      const code = await failureType(run);
      if (row !== 'failed' || !isFailureCode(code) || code === 'CANCELLED' || code === 'INTERNAL')
        faults.push(`failed with ${code}, and the row says ${row}`);
    }
    if (!['COMPLETED', 'CANCELLED', 'FAILED'].includes(status.name)) faults.push(`it ended as ${status.name}`);
    if (faults.length > 0) faults.push(`said: ${script.said.join(', ')}`);
    await Worker.runReplayHistory({ workflowBundle: bundle }, await run.fetchHistory());
    return faults;
  });
}

async function failureType(run: WorkflowHandle): Promise<string> {
  const { events } = await run.fetchHistory();
  const failure = events?.at(-1)?.workflowExecutionFailedEventAttributes?.failure;
  return failure?.applicationFailureInfo?.type ?? failure?.message ?? 'nothing';
}

test(`${RUNS} trainings, steered at random`, { timeout: 600_000 + RUNS * 5_000 }, async () => {
  const seeds = Array.from({ length: RUNS }, (_, index) => FIRST_SEED + index);
  const found: string[] = [];
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (let seed = seeds.shift(); seed !== undefined; seed = seeds.shift()) {
        const current = seed;
        const faults = await play((handle) => createScript(current, handle));
        if (faults.length > 0) found.push(`seed ${current}: ${faults.join('; ')}`);
      }
    }),
  );

  expect(found).toEqual([]);
});
