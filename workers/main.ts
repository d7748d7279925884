/** The worker process: one or more of the roles `workflow`, `io` and `cpu`, until it is told to stop. */
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { Client, Connection } from '@temporalio/client';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { createLogger } from '../config/logger.ts';
import { settingsOfProcess } from '../config/process.ts';
import { temporalConnection } from '../config/temporal.ts';
import { taskQueues } from '../workflows/contract.ts';
import { connectWithPatience } from './connect.ts';
import { createDependencies } from './dependencies.ts';
import { createWorkers } from './roles.ts';
import { metricsFor } from './metrics.ts';
import { ensureSweepSchedule } from './sweep-schedule.ts';

/** Built by `npm run build` together with the compiled form of this file, which is what runs. */
const WORKFLOW_BUNDLE = join(import.meta.dirname, '..', 'workflow-bundle.js');

// V8 lets a heap grow to several times the live data before it collects: with 1,000 waiting trainings, 450 MB for 120
// MB.
setFlagsFromString('--heap-growing-percent=30');

const settings = settingsOfProcess({ rentsPods: true });
const queues = taskQueues(settings.taskQueuePrefix);
const logger = createLogger('worker', settings.logLevel);

// One runtime per process; signals are handled below, so that everything ends in order.
Runtime.install({
  shutdownSignals: [],
  logger: new DefaultLogger('INFO', ({ level, message, meta }) => {
    const line = { ...meta, sdk: true };
    if (level === 'ERROR') logger.error(line, message);
    else if (level === 'WARN') logger.warn(line, message);
    else logger.debug(line, message);
  }),
  ...(settings.metricsAddress === undefined ? {} : { telemetryOptions: metricsFor(settings.metricsAddress) }),
});

// @huggingface/hub 2.17.5 races its uploads: when two fail, the second error goes unhandled. That must not end all
// other trainings.
process.on('unhandledRejection', (error) => logger.error({ err: error }, 'unhandled promise rejection'));

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());

const { connectionOptions, namespace } = temporalConnection();
// No retries inside the client: they outlive deadlines, and one that fires after `close` kills the process (SDK
// 1.24.0).
const client = new Client({ connection: Connection.lazy({ ...connectionOptions, interceptors: [] }), namespace });
const dependencies = createDependencies(settings, client);
// Once, with its reason; from here on the steps that fail for it say so.
for (const trouble of await dependencies.troubles()) logger.error({ event: 'trouble' }, trouble);
const connection = await connectWithPatience(connectionOptions, logger, stop.signal);
if (connection) {
  try {
    const workers = await createWorkers({
      roles: settings.workerRoles,
      connection,
      namespace,
      activities: dependencies.activities,
      workflowBundle: { codePath: WORKFLOW_BUNDLE },
      taskQueues: queues,
    });
    const running = Promise.all(workers.map((worker) => worker.run()));
    stop.signal.addEventListener('abort', () => workers.forEach((worker) => worker.shutdown()));
    if (stop.signal.aborted) workers.forEach((worker) => worker.shutdown());
    if (settings.workerRoles.includes('workflow')) await ensureSweepSchedule(client, settings, queues);
    logger.info({ event: 'ready', roles: settings.workerRoles, namespace, taskQueues: queues }, 'the worker is ready');
    await running;
  } finally {
    await connection.close();
  }
}
await dependencies.close();
await client.connection.close();
logger.info({ event: 'stopped' }, 'the worker has stopped');
