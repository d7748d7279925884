/** A run that was reset replays: Temporal applies to it again what people had said after that moment. */
import { randomBytes, randomUUID } from 'node:crypto';
import { Client } from '@temporalio/client';
import type { WorkflowHandle } from '@temporalio/client';
import { DefaultLogger, Runtime, Worker, bundleWorkflowCode } from '@temporalio/worker';
import { expect, test } from 'vitest';
import { WORKFLOWS_PATH } from '../../workers/roles.ts';
import {
  TRAIN_LORA_WORKFLOW,
  pauseTraining,
  raiseBudget,
  reportProgress,
  resumeTraining,
  trainingWorkflowId,
} from '../../workflows/contract.ts';
import { nativeTemporalConnection, temporalConnection } from '../support/temporal.ts';
import { createFailingSteps, hang } from './failing-steps.ts';

Runtime.install({ logger: new DefaultLogger('ERROR') });

test('after a ceiling, a pause and a resume came at once', async () => {
  const { connection, namespace } = await temporalConnection();
  const client = new Client({ connection, namespace });
  const native = await nativeTemporalConnection();
  const workflowBundle = await bundleWorkflowCode({
    workflowsPath: WORKFLOWS_PATH,
    logger: new DefaultLogger('ERROR'),
  });
  const trainingId = randomBytes(8).toString('hex');
  const workflowId = trainingWorkflowId(trainingId);
  const taskQueue = `reset-${trainingId}`;
  const run = client.workflow.getHandle(workflowId);
  const say = async (training: WorkflowHandle) => {
    await training.signal(reportProgress, { step: 0, totalSteps: 100, etaMs: null });
    await training.executeUpdate(raiseBudget, { args: [{ ceilingMicroUsd: 2_000_000_000 }] });
    await training.signal(pauseTraining);
    await training.signal(resumeTraining);
    return await hang();
  };
  const { steps } = createFailingSteps({ uploadDataset: [say] }, () => run);
  const worker = await Worker.create({ ...native, taskQueue, workflowBundle, activities: steps });
  const histories = await worker.runUntil(async () => {
    const input = { trainingId, taskQueues: { io: taskQueue, cpu: taskQueue } };
    await client.workflow.start(TRAIN_LORA_WORKFLOW, { workflowId, taskQueue, args: [input] });
    await run.result();
    const first = await run.fetchHistory();
    const events = first.events ?? [];
    const toldAt = events.findIndex(
      ({ workflowExecutionSignaledEventAttributes: told }) => told?.signalName === 'reportProgress',
    );
    const task = events.slice(toldAt).find((event) => event.workflowTaskCompletedEventAttributes);
    await client.workflowService.resetWorkflowExecution({
      namespace,
      workflowExecution: { workflowId },
      reason: 'test',
      workflowTaskFinishEventId: task!.eventId!,
      requestId: randomUUID(),
    });
    await run.result();
    return [first, await run.fetchHistory()];
  });
  await native.connection.close();
  await connection.close();

  const again = histories[1]!.events ?? [];
  expect(again.some((event) => event.workflowExecutionUpdateAdmittedEventAttributes)).toBe(true);
  for (const history of histories) await Worker.runReplayHistory({ workflowBundle }, history, workflowId);
});
