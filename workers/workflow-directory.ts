/**
 * What activities may ask Temporal, over one client connection. Every call has a deadline: without one it waits 19 s
 * (SDK 1.24.0).
 */
import { WorkflowExecutionAlreadyStartedError, WorkflowNotFoundError } from '@temporalio/common';
import type { Client } from '@temporalio/client';
import type { ActivityDependencies } from '../activities/dependencies.ts';
import { TemperaError } from '../core/failure.ts';
import { TRAIN_LORA_WORKFLOW, reportProgress, taskQueues } from '../workflows/contract.ts';
import { startOptions } from '../workflows/start-options.ts';

const DEADLINE_MS = 5_000;

export function createWorkflowDirectory(client: Client, taskQueuePrefix?: string): ActivityDependencies['workflows'] {
  const queues = taskQueues(taskQueuePrefix);
  const ask = async <T>(call: () => Promise<T>): Promise<T> => {
    try {
      return await client.connection.withDeadline(Date.now() + DEADLINE_MS, call);
    } catch (cause) {
      if (cause instanceof WorkflowNotFoundError || cause instanceof WorkflowExecutionAlreadyStartedError) throw cause;
      throw new TemperaError('PROVIDER_UNAVAILABLE', 'Temporal could not be reached', { cause });
    }
  };
  const describe = async (workflowId: string) => {
    try {
      return await ask(() => client.workflow.getHandle(workflowId).describe());
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return null;
      throw error;
    }
  };
  return {
    isOpen: async (workflowId) => (await describe(workflowId))?.status.name === 'RUNNING',
    currentRun: async (workflowId) => (await describe(workflowId))?.runId ?? null,
    closedAt: async (workflowId) => (await describe(workflowId))?.closeTime ?? null,
    async startTraining(training) {
      const options = startOptions(training, { taskQueues: queues });
      const before = (await describe(options.workflowId))?.status.name;
      if (before === 'TERMINATED' || before === 'CANCELLED') return 'ended_by_hand';
      try {
        await ask(() => client.workflow.start(TRAIN_LORA_WORKFLOW, { ...options, taskQueue: queues.workflow }));
      } catch (error) {
        // It has completed successfully: there is nothing to repair.
        if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      }
      return 'running';
    },
    async cancel(workflowId) {
      try {
        await ask(() => client.workflow.getHandle(workflowId).cancel());
      } catch (error) {
        if (!(error instanceof WorkflowNotFoundError)) throw error;
      }
    },
    async reportProgress(workflowId, progress) {
      try {
        await ask(() => client.workflow.getHandle(workflowId).signal(reportProgress, progress));
      } catch (error) {
        // Only the details in the Web UI are lost; the training itself must not suffer.
        if (!(error instanceof WorkflowNotFoundError) && !(error instanceof TemperaError)) throw error;
      }
    },
  };
}
