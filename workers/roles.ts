import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Worker } from '@temporalio/worker';
import type { NativeConnection, WorkerInterceptors, WorkerOptions, WorkflowBundle } from '@temporalio/worker';
import type { ActivityDependencies } from '../activities/dependencies.ts';
import { createIoActivities } from '../activities/io.ts';
import type { WorkerRole } from '../config/env.ts';
import { TASK_QUEUES } from '../workflows/contract.ts';
import type { TaskQueues } from '../workflows/contract.ts';

interface WorkersParams {
  readonly roles: readonly WorkerRole[];
  readonly connection: NativeConnection;
  readonly namespace: string;
  readonly activities: ActivityDependencies;
  /** Made ahead of time. */
  readonly workflowBundle: WorkflowBundle | { readonly codePath: string };
  /** Watches or disturbs activities from outside; crash tests do. */
  readonly interceptors?: WorkerInterceptors;
  readonly taskQueues?: TaskQueues;
}

/** Path of the workflows' index, for bundling. */
export const WORKFLOWS_PATH = fileURLToPath(new URL('../workflows/index.ts', import.meta.url));

/** One idle promise per waiting training: a poll every few seconds is nearly nothing. */
const IO_SLOTS = 2_000;
/**
 * A workflow in memory takes about 0.2 MB and one that waits for its pod is needed a few times an hour: what is not kept is read
 * again from its history, some 60 events. The SDK's own limit grows with the machine, to 2,300 with 4 GB of heap.
 */
const CACHED_WORKFLOWS = 500;
/** A cancel reaches an activity with its next heartbeat that is really sent, so this is how long a person waits at most. */
const MAX_HEARTBEAT_THROTTLE = '5 seconds';

/** Makes the workers of a process, one per role, each on its own task queue. */
export async function createWorkers(params: WorkersParams): Promise<Worker[]> {
  const { roles, connection, namespace, activities, workflowBundle, interceptors, taskQueues = TASK_QUEUES } = params;
  const common = {
    connection,
    namespace,
    maxHeartbeatThrottleInterval: MAX_HEARTBEAT_THROTTLE,
    // Time for a step to end by itself before it is cancelled, and then to pass its cursor on.
    shutdownGraceTime: '5 seconds',
    shutdownForceTime: '60 seconds',
    ...(interceptors ? { interceptors } : {}),
  } as const;
  const optionsOf = async (role: WorkerRole): Promise<WorkerOptions> => {
    switch (role) {
      case 'workflow':
        return {
          ...common,
          taskQueue: taskQueues.workflow,
          maxCachedWorkflows: CACHED_WORKFLOWS,
          workflowBundle,
        };
      case 'io':
        return {
          ...common,
          taskQueue: taskQueues.io,
          activities: createIoActivities(activities),
          maxConcurrentActivityTaskExecutions: IO_SLOTS,
        };
      case 'cpu': {
        // Only here: it brings libvips into the process.
        const { createCpuActivities } = await import('../activities/cpu.ts');
        return {
          ...common,
          taskQueue: taskQueues.cpu,
          activities: createCpuActivities(activities),
          maxConcurrentActivityTaskExecutions: availableParallelism(),
        };
      }
    }
  };
  return await Promise.all(roles.map(async (role) => Worker.create(await optionsOf(role))));
}
