/**
 * A worker that kills itself with SIGKILL at given points, each one once: `provisionPod:during` or `provisionPod:after`, where
 * "after" means that the work was done and Temporal was not told. Which points are armed and which are done stands in two files.
 * `LONE_BYTES` is the memory of a process that opens one photo alone.
 */
import { appendFileSync, readFileSync } from 'node:fs';
import { Client, Connection } from '@temporalio/client';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import type { ActivityInboundCallsInterceptor } from '@temporalio/worker';
import { readSettings } from '../../config/env.ts';
import { createLogger } from '../../config/logger.ts';
import { temporalConnection } from '../../config/temporal.ts';
import { createCurator } from '../../curation/curator.ts';
import { connectWithPatience } from '../../workers/connect.ts';
import { createDependencies } from '../../workers/dependencies.ts';
import { createWorkers } from '../../workers/roles.ts';
import { taskQueues } from '../../workflows/contract.ts';

/** "During" is a moment after the work began. Work that is done sooner is not killed, and its point stays open. Milliseconds. */
const DURING_MS = 15;

const armedFile = process.env['CRASH_POINTS_FILE'] ?? '';
const doneFile = process.env['CRASH_DONE_FILE'] ?? '';

Runtime.install({ logger: new DefaultLogger('ERROR') });
const settings = readSettings();
const { connectionOptions, namespace } = temporalConnection();
const client = new Client({ connection: Connection.lazy(connectionOptions), namespace });
const connection = await connectWithPatience(connectionOptions, createLogger('worker'), new AbortController().signal);
const { activities } = createDependencies(settings, client);
const loneBytes = process.env['LONE_BYTES'] === undefined ? undefined : Number(process.env['LONE_BYTES']);
const workers = await createWorkers({
  roles: settings.workerRoles,
  connection: connection!,
  namespace,
  activities: loneBytes === undefined ? activities : { ...activities, curator: createCurator({ loneBytes }) },
  taskQueues: taskQueues(settings.taskQueuePrefix),
  workflowBundle: { codePath: process.env['WORKFLOW_BUNDLE'] ?? '' },
  interceptors: { activity: [(context) => ({ inbound: crashAt(context.info.activityType) })] },
});
process.stdout.write('{"event":"ready"}\n');
await Promise.all(workers.map((worker) => worker.run()));

function crashAt(activity: string): ActivityInboundCallsInterceptor {
  return {
    async execute(input, next) {
      const during = isDue(`${activity}:during`) ? setTimeout(() => crash(`${activity}:during`), DURING_MS) : undefined;
      try {
        const result = await next(input);
        if (isDue(`${activity}:after`)) crash(`${activity}:after`);
        return result;
      } finally {
        clearTimeout(during);
      }
    },
  };
}

function isDue(point: string): boolean {
  return linesOf(armedFile).includes(point) && !linesOf(doneFile).includes(point);
}

function linesOf(file: string): string[] {
  return readFileSync(file, 'utf8').split('\n');
}

function crash(point: string): void {
  appendFileSync(doneFile, `${point}\n`);
  process.kill(process.pid, 'SIGKILL');
}
