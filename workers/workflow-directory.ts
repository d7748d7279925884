/** What activities may ask of Temporal, over one client connection. Every call has a deadline: a bare one waits 19 s (SDK 1.24.0). */
import { WorkflowExecutionAlreadyStartedError, WorkflowIdReusePolicy, WorkflowNotFoundError } from '@temporalio/common';
import type { Client } from '@temporalio/client';
import type { ActivityDependencies } from '../activities/dependencies.ts';
import { TemperaError } from '../core/failure.ts';
import { TRAIN_LORA_WORKFLOW, reportProgress, taskQueues, trainingWorkflowId } from '../workflows/contract.ts';
import type { TrainLoraInput } from '../workflows/contract.ts';

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
    closedAt: async (workflowId) => (await describe(workflowId))?.closeTime ?? null,
    async startTraining(trainingId) {
      const before = (await describe(trainingWorkflowId(trainingId)))?.status.name;
      if (before === 'TERMINATED' || before === 'CANCELLED') return 'ended_by_hand';
      const input: TrainLoraInput = { trainingId, taskQueues: { io: queues.io, cpu: queues.cpu } };
      try {
        await ask(() =>
          client.workflow.start(TRAIN_LORA_WORKFLOW, {
            args: [input],
            taskQueue: queues.workflow,
            workflowId: trainingWorkflowId(trainingId),
            workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
          }),
        );
      } catch (error) {
        // It runs, or it has come to its end with success: either way there is nothing to heal.
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
        // Only the Web UI's details go without; the training itself must not suffer.
        if (!(error instanceof WorkflowNotFoundError) && !(error instanceof TemperaError)) throw error;
      }
    },
  };
}
