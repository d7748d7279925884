/**
 * A whole installation whose parts can be broken one by one: production's processes on real servers and the emulated
 * cloud.
 */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { readTemporalDevConfig } from '../config/temporal-dev.ts';
import { startEmulatorProcess } from '../dev/emulator.ts';
import { processEnvironment } from '../dev/environment.ts';
import { freePort } from '../dev/ports.ts';
import { ensureDatabase } from '../dev/postgres.ts';
import { startApiProcess, startWorkerProcess } from '../dev/processes.ts';
import { resolveTemporalCli } from '../dev/temporal-cli.mjs';
import { startTemporalServer } from '../dev/temporal-server.ts';
import { openWorld } from '../emulator/client.ts';
import { createDatabase } from '../prisma/client.ts';
import { migrate } from '../prisma/migrate.ts';
import { createPatientClient } from './client.ts';
import { QUICK_CLOUD } from './pace.ts';
import { openChaosStore } from './store.ts';
import { supervise } from './supervisor.ts';
import type { Supervised } from './supervisor.ts';

/** Workers: with two, one takes over the steps of the other when that is killed or frozen. */
const WORKERS = 2;
/** How the sweeper is set; the grace period is longer than the outcome of a create call may be unknown. Seconds. */
export const SWEEP = { intervalSeconds: 5, graceSeconds: 8, settleSeconds: 5, quietSeconds: 15 } as const;

export type ChaosStack = Awaited<ReturnType<typeof startChaosStack>>;

interface ChaosStackOptions {
  readonly log: (line: string) => void;
}

/**
 * Starts everything in a folder of its own and waits until all is ready. Refuses a real RunPod key: pods would cost
 * money.
 */
export async function startChaosStack({ log }: ChaosStackOptions) {
  if (process.env['RUNPOD_API_KEY']) throw new Error('RUNPOD_API_KEY is set: chaos would rent real pods. Unset it.');
  const home = await mkdtemp(join(tmpdir(), 'tempera-chaos-'));
  // PostgreSQL may run as another user and has to get in.
  await chmod(home, 0o711);
  const stops: (() => Promise<unknown>)[] = [() => rm(home, { recursive: true, force: true, maxRetries: 5 })];
  const stop = async () => {
    for (const end of stops.splice(0).reverse()) await end();
  };
  try {
    return { ...(await startParts(home, stops, log)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startParts(home: string, stops: (() => Promise<unknown>)[], log: (line: string) => void) {
  const logs = join(home, 'logs');
  const temporal = await startTemporal(home, logs);
  stops.push(() => temporal.stop());
  const database = await startDatabase(home, logs);
  stops.push(() => database.stop());
  await migrate(database.url);
  const emulator = await startEmulatorProcess({
    dataDir: join(home, 'emulator'),
    logFile: join(logs, 'emulator.log'),
  });
  stops.push(() => emulator.stop());
  const world = openWorld(`${emulator.url}/w/chaos`);
  await world.configure(QUICK_CLOUD);
  const store = await openChaosStore(home);
  stops.push(() => store.stop());

  const port = await freePort();
  const env = processEnvironment({
    home,
    databaseUrl: database.url,
    temporal,
    worldUrl: world.url,
    api: { host: '127.0.0.1', port },
    extra: {
      TEMPERA_ENV: 'chaos',
      SWEEP_INTERVAL_SECONDS: String(SWEEP.intervalSeconds),
      SWEEP_GRACE_SECONDS: String(SWEEP.graceSeconds),
      SWEEP_SETTLE_SECONDS: String(SWEEP.settleSeconds),
      SWEEP_QUIET_SECONDS: String(SWEEP.quietSeconds),
      ...store.env,
    },
  });
  const watched = async (start: Parameters<typeof supervise>[0]) => {
    const process = await supervise(start, log);
    stops.push(() => process.stop());
    return process;
  };
  const api = await watched(() =>
    startApiProcess({ env, args: ['--allow-test-intervals'], logFile: join(logs, 'api.log') }),
  );
  const workers: Supervised[] = [];
  for (let number = 1; number <= WORKERS; number += 1)
    workers.push(await watched(() => startWorkerProcess({ env, logFile: join(logs, `worker-${number}.log`) })));

  const rows = createDatabase({ url: database.url, poolSize: 4 });
  stops.push(() => rows.$disconnect());
  const connection = await Connection.connect({ address: temporal.address });
  stops.push(() => connection.close());
  return {
    home,
    logs,
    world,
    store,
    api,
    workers,
    temporal,
    database,
    rows,
    client: createPatientClient(`http://127.0.0.1:${port}`, join(home, 'api-key')),
    workflows: new Client({ connection, namespace: temporal.namespace }).workflow,
    temporalService: connection.workflowService,
  };
}

async function startTemporal(home: string, logs: string) {
  const [port, uiPort, cliPath] = [await freePort(), await freePort(), await resolveTemporalCli()];
  const start = () =>
    startTemporalServer({
      config: readTemporalDevConfig(),
      cliPath,
      databaseFile: join(home, 'temporal.db'),
      port,
      uiPort,
      logFile: join(logs, 'temporal.log'),
    });
  let server = await start();
  const { address, namespace } = server;
  return {
    address,
    namespace,
    async restart() {
      await server.stop();
      server = await start();
    },
    stop: () => server.stop(),
  };
}

async function startDatabase(home: string, logs: string) {
  const port = await freePort();
  const logFile = join(logs, 'postgres.log');
  // An empty address keeps the user's own server out of this.
  const start = () => ensureDatabase({ dir: join(home, 'postgres'), databaseUrl: '', port, logFile });
  let server = await start();
  return {
    url: server.url,
    async restart() {
      await server.stop();
      server = await start();
    },
    async crash() {
      await server.kill();
      server = await start();
    },
    stop: () => server.stop(),
  };
}
