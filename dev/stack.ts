import { randomInt } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { WorkerRole } from '../config/env.ts';
import { readTemporalDevConfig } from '../config/temporal-dev.ts';
import { migrate } from '../prisma/migrate.ts';
import type { Child } from './child.ts';
import { startEmulatorProcess } from './emulator.ts';
import { checkEnvironment, processEnvironment } from './environment.ts';
import { claimHome, cloudOf, defaultHome, makeHome } from './home.ts';
import type { Cloud } from './home.ts';
import { tryLock } from './lock.mjs';
import { freePort, portOrFree } from './ports.ts';
import { ensureDatabase } from './postgres.ts';
import { startApiProcess, startWorkerProcess } from './processes.ts';
import { resolveTemporalCli } from './temporal-cli.mjs';
import { startTemporalServer } from './temporal-server.ts';

const API_PORT = 8080;
const EMULATOR_PORT = 8090;
/** The development stack's world in the emulator. */
const WORLD = 'dev';

/** Everything that Tempera needs on one machine, running. */
export interface Stack {
  readonly apiUrl: string;
  readonly temporal: { readonly address: string; readonly namespace: string; readonly uiUrl: string };
  readonly databaseUrl: string;
  /** Null when a real RUNPOD_API_KEY is set: then pods are real and cost money. */
  readonly emulatorUrl: string | null;
  /** Folder of all local state. */
  readonly home: string;
  /** File that holds the first API key; the API writes it at its first start. */
  readonly apiKeyFile: string;
  readonly logs: string;
  /** The worker processes, in the order in which they were asked for. */
  readonly workers: readonly WorkerProcess[];
  /** Settles with a sentence when a part ends that should be running; never when all is well. */
  readonly broken: Promise<string>;
  /** Stops everything in reverse order. May be called more than once. */
  stop(): Promise<void>;
}

/** One worker process of the stack. */
export interface WorkerProcess {
  readonly roles: readonly string[];
  readonly pid: number;
  /** `http://host:port/metrics` for Prometheus. */
  readonly metricsUrl: string | null;
}

export interface StackOptions {
  /** Default: TEMPERA_HOME, else `.tempera`, for real pods `.tempera/runpod`. */
  readonly home?: string;
  /** Called with what is being done, one short line at a time. */
  readonly log?: (line: string) => void;
  readonly apiArgs?: readonly string[];
  readonly workerArgs?: readonly string[];
  /**
   * Roles of each worker process, which then also serves its metrics. Default: one process, with the roles in
   * WORKER_ROLES.
   */
  readonly workerRoles?: readonly (readonly WorkerRole[])[];
  /** Further environment variables of worker and API. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/**
 * Starts Temporal, PostgreSQL, the emulated cloud, the worker and the API, and waits until all are ready. If one does
 * not start, the others are stopped again.
 */
export async function startStack(options: StackOptions = {}): Promise<Stack> {
  const { log = () => undefined } = options;
  const cloud = cloudOf();
  const home = options.home === undefined ? defaultHome(cloud) : resolve(options.home);
  checkEnvironment(home, options.env);
  makeHome(home);
  const lock = tryLock(join(home, 'stack.lock'));
  if (lock.status === 'held')
    throw new Error(`A stack is already running in ${home} (process ${lock.pid}). Stop it first.`);
  const stops: (() => Promise<void>)[] = [async () => lock.release()];
  const stop = async () => {
    for (const end of stops.splice(0).reverse()) await end();
  };
  try {
    claimHome(home, cloud);
    return await startParts({ options, cloud, home, log, stops, stop });
  } catch (error) {
    await stop();
    throw error;
  }
}

interface Start {
  readonly options: StackOptions;
  readonly cloud: Cloud;
  readonly home: string;
  readonly log: (line: string) => void;
  /** Filled as parts come up. */
  readonly stops: (() => Promise<void>)[];
  readonly stop: () => Promise<void>;
}

async function startParts({ options, cloud, home, log, stops, stop }: Start): Promise<Stack> {
  const logs = join(home, 'logs');
  rmSync(logs, { recursive: true, force: true });
  const [temporal, database, emulatorUrl] = await all([
    startTemporal(home, logs, log, stops),
    startDatabase(home, logs, log, stops),
    cloud === 'emulated' ? startEmulator(home, logs, log, stops) : Promise.resolve(null),
  ]);
  const host = process.env['API_HOST'] || '127.0.0.1';
  const wished = Number(process.env['API_PORT'] || API_PORT);
  const port = await portOrFree(wished, (free) => log(`port ${wished} is taken; the API uses ${free}`));
  const apiUrl = `http://${host === '0.0.0.0' ? '127.0.0.1' : host}:${port}`;
  const env = processEnvironment({
    home,
    databaseUrl: database,
    temporal,
    worldUrl: emulatorUrl === null ? null : `${emulatorUrl}/w/${WORLD}`,
    api: { host, port },
    ...(options.env === undefined ? {} : { extra: options.env }),
  });
  const started = (child: Child) => {
    stops.push(() => child.stop());
    return child;
  };
  const startWorker = async (roles: readonly WorkerRole[] | null) => {
    const metrics = roles === null ? null : `127.0.0.1:${await freePort()}`;
    const own = roles === null ? {} : { WORKER_ROLES: roles.join(','), METRICS_ADDRESS: metrics! };
    const name = roles === null ? 'worker' : `worker-${roles.join('-')}`;
    const logFile = join(logs, `${name}.log`);
    const child = await startWorkerProcess({ env: { ...env, ...own }, args: options.workerArgs ?? [], logFile });
    started(child);
    const metricsUrl = metrics === null ? null : `http://${metrics}/metrics`;
    return { child, process: { roles: roles ?? [], pid: child.pid, metricsUrl } };
  };
  const [workers, api] = await all([
    all((options.workerRoles ?? [null]).map(startWorker)),
    startApiProcess({ env, args: options.apiArgs ?? [], logFile: join(logs, 'api.log') }).then(started),
  ]);
  log(`API: ${apiUrl}`);
  return {
    apiUrl,
    temporal,
    databaseUrl: database,
    emulatorUrl,
    home,
    apiKeyFile: join(home, 'api-key'),
    logs,
    workers: workers.map(({ process: worker }) => worker),
    broken: Promise.race([...workers.map(({ child }) => child), api].map((child) => endOf(child, logs, stops))),
    stop,
  };
}

async function startTemporal(home: string, logs: string, log: Start['log'], stops: Start['stops']) {
  const config = readTemporalDevConfig();
  const wish = (wished: number, what: string) =>
    portOrFree(wished, (free) => log(`port ${wished} is taken; ${what} uses ${free}`));
  const server = await startTemporalServer({
    config,
    cliPath: await resolveTemporalCli(),
    databaseFile: join(home, 'temporal.db'),
    port: await wish(config.server.port, 'the Temporal server'),
    uiPort: await wish(config.server.uiPort, "Temporal's Web UI"),
    logFile: join(logs, 'temporal.log'),
  });
  stops.push(() => server.stop());
  log(`Temporal: ${server.address}, Web UI ${server.uiUrl}`);
  return { address: server.address, namespace: server.namespace, uiUrl: server.uiUrl };
}

async function startDatabase(home: string, logs: string, log: Start['log'], stops: Start['stops']): Promise<string> {
  const server = await ensureDatabase({ dir: join(home, 'postgres'), logFile: join(logs, 'postgres.log') });
  stops.push(() => server.stop());
  const applied = await migrate(server.url).catch((error: unknown) => {
    if (server.origin !== 'given') throw error;
    const { message, code } = error as NodeJS.ErrnoException;
    throw new Error(`The database of DATABASE_URL cannot be used: ${message || code}`, { cause: error });
  });
  log(
    `PostgreSQL: ${server.origin === 'given' ? 'DATABASE_URL' : `embedded, port ${new URL(server.url).port}`}, ${migrationsText(applied.length)}`,
  );
  return server.url;
}

function migrationsText(applied: number): string {
  if (applied === 0) return 'up to date';
  return `${applied} migration${applied === 1 ? '' : 's'} applied`;
}

async function startEmulator(home: string, logs: string, log: Start['log'], stops: Start['stops']): Promise<string> {
  const port = await portOrFree(EMULATOR_PORT, (free) =>
    log(`port ${EMULATOR_PORT} is taken; the emulated cloud uses ${free}`),
  );
  const emulator = await startEmulatorProcess({
    port,
    dataDir: join(home, 'emulator'),
    logFile: join(logs, 'emulator.log'),
  });
  stops.push(() => emulator.stop());
  // Pod ids follow from the seed. Our ledger outlives the emulator, and no vendor assigns an id twice.
  await fetch(`${emulator.url}/w/${WORLD}/admin/config`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ seed: randomInt(2 ** 31) }),
  });
  log(`emulated cloud: ${emulator.url} (no real pods, no money)`);
  return emulator.url;
}

/** Waits for all, even if one fails, so that whatever came up is known and can be stopped. */
async function all<T extends readonly Promise<unknown>[]>(
  starting: [...T],
): Promise<{ [K in keyof T]: Awaited<T[K]> }> {
  await Promise.allSettled(starting);
  return Promise.all(starting);
}

/** Settles when a part ends that was not asked to. */
async function endOf(child: Child, logs: string, stops: Start['stops']): Promise<string> {
  const { code } = await child.exited;
  // Stopping has begun, so this is intended.
  if (stops.length === 0) return new Promise(() => undefined);
  return `${child.name} ended unexpectedly with code ${code}; see ${logs}`;
}
