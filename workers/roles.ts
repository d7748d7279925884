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
  /** Built ahead of time. */
  readonly workflowBundle: WorkflowBundle | { readonly codePath: string };
  /** Observes or disturbs activities from outside; used by crash tests. */
  readonly interceptors?: WorkerInterceptors;
  readonly taskQueues?: TaskQueues;
}

/** Path of the workflows' index, for bundling. */
export const WORKFLOWS_PATH = fileURLToPath(new URL('../workflows/index.ts', import.meta.url));

/** One idle promise per waiting training: a poll every few seconds costs next to nothing. */
const IO_SLOTS = 2_000;
/**
 * A cached workflow takes about 0.2 MB, and one that waits for its pod is needed a few times an hour: one that is not
 * cached is rebuilt from its history, some 60 events. The SDK's own limit grows with the machine, to 2,300 with 4 GB of
 * heap.
 */
const CACHED_WORKFLOWS = 500;
/**
 * A cancellation reaches an activity with the next heartbeat that is actually sent, so a person waits at most this
 * long.
 */
const MAX_HEARTBEAT_THROTTLE = '5 seconds';

/** Creates the workers of a process, one per role, each on its own task queue. */
export async function createWorkers(params: WorkersParams): Promise<Worker[]> {
  const { roles, connection, namespace, activities, workflowBundle, interceptors, taskQueues = TASK_QUEUES } = params;
  const common = {
    connection,
    namespace,
    maxHeartbeatThrottleInterval: MAX_HEARTBEAT_THROTTLE,
    // Time for a step to finish by itself before it is cancelled, and then to hand over its cursor.
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
        // Imported only here: it loads libvips into the process.
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
