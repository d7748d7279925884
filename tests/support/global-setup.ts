/** Starts the servers of a test run once, hands their addresses to the tests, and leaves nothing behind. */
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { readTemporalDevConfig } from '../../config/temporal-dev.ts';
import { startEmulatorProcess } from '../../dev/emulator.ts';
import { tryLock } from '../../dev/lock.mjs';
import { ensureDatabase } from '../../dev/postgres.ts';
import { buildPrograms } from '../../dev/setup.mjs';
import { resolveTemporalCli } from '../../dev/temporal-cli.mjs';
import { startTemporalServer } from '../../dev/temporal-server.ts';
import { resolveVersitygw } from '../../dev/versitygw.mjs';
import { migrate } from '../../prisma/migrate.ts';
import { databaseUrl, runSql } from './database.ts';
import type { S3Access, Servers } from './provided.ts';
import { startVersitygw } from '../../dev/s3-server.ts';

/** Names of the folders of test runs; the file in each tells whether its run is alive. */
const PREFIX = 'tempera-test-';
const OWNER = 'owner.lock';

type Stop = () => Promise<void>;

export default async function setup(project: TestProject): Promise<Stop> {
  removeLeftovers();
  const folder = mkdtempSync(join(tmpdir(), PREFIX));
  // PostgreSQL may run as another user and has to get in.
  chmodSync(folder, 0o711);
  tryLock(join(folder, OWNER));
  const stops: Stop[] = [async () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 })];
  const stopAll = async () => {
    for (const stop of stops.splice(0).reverse()) await stop();
  };
  const starting = startServers(folder, stops);
  // A signal may come while servers are still coming up: those have to be known before they can be stopped.
  endInOrderOnSignals(() => starting.catch(() => undefined).then(stopAll));
  try {
    project.provide('servers', await starting);
    return stopAll;
  } catch (error) {
    await stopAll();
    throw error;
  }
}

async function startServers(folder: string, stops: Stop[]): Promise<Servers> {
  await buildPrograms();
  const starting = [
    startTemporal(folder, stops),
    startDatabase(folder, stops),
    startEmulator(folder, stops),
    startS3(folder, stops),
  ] as const;
  await Promise.allSettled(starting);
  const [temporal, database, emulator, s3] = await Promise.all(starting);
  return { temporal, database, emulator, s3 };
}

/**
 * Vitest would be gone a millisecond after a signal, before our servers are; so we take the signals over. A second one
 * ends us at once; the servers then end by themselves (dev/guard.mjs).
 */
function endInOrderOnSignals(end: () => Promise<void>): void {
  for (const [signal, code] of Object.entries({ SIGINT: 130, SIGTERM: 143, SIGHUP: 129 })) {
    process.removeAllListeners(signal);
    process.once(signal, () => {
      process.once(signal, () => process.exit(code));
      void end().finally(() => process.exit(code));
    });
  }
}

/** Folders of runs that were ended by force. Their processes ended by themselves (dev/guard.mjs). */
function removeLeftovers(): void {
  for (const name of readdirSync(tmpdir()).filter((entry) => entry.startsWith(PREFIX))) {
    const folder = join(tmpdir(), name);
    // A run that is just starting has made its folder and not yet its lock.
    if (Date.now() - statSync(folder).mtimeMs < 60_000) continue;
    const lock = tryLock(join(folder, OWNER));
    if (lock.status === 'taken') rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function startTemporal(folder: string, stops: Stop[]): Promise<Servers['temporal']> {
  const server = await startTemporalServer({
    config: readTemporalDevConfig(),
    cliPath: await resolveTemporalCli(),
    databaseFile: join(folder, 'temporal.db'),
    port: 0,
    uiPort: 0,
  });
  stops.push(() => server.stop());
  return { address: server.address, namespace: server.namespace, uiUrl: server.uiUrl };
}

/** A template with all migrations; tests copy it. Nobody may stay connected to it. */
async function startDatabase(folder: string, stops: Stop[]): Promise<Servers['database']> {
  const server = await ensureDatabase({ dir: join(folder, 'postgres'), temporary: true });
  stops.push(() => server.stop());
  const template = `tempera_template_${process.pid}_${Date.now()}`;
  await runSql(server.url, `CREATE DATABASE ${template}`);
  stops.push(() => runSql(server.url, `DROP DATABASE IF EXISTS ${template} WITH (FORCE)`));
  await migrate(databaseUrl(server.url, template));
  return { adminUrl: server.url, template };
}

async function startEmulator(folder: string, stops: Stop[]): Promise<Servers['emulator']> {
  try {
    const emulator = await startEmulatorProcess({ dataDir: join(folder, 'emulator') });
    stops.push(() => emulator.stop());
    return { url: emulator.url };
  } catch (error) {
    return { broken: error instanceof Error ? error.message : String(error) };
  }
}

/** S3_TEST_ENDPOINT (with the AWS_* variables) uses that server instead of versitygw. */
async function startS3(folder: string, stops: Stop[]): Promise<Servers['s3']> {
  const given = givenS3();
  if (given !== null) return given;
  const found = await resolveVersitygw();
  if ('missing' in found) return { missing: `${found.missing}; S3_TEST_ENDPOINT is not set` };
  const server = await startVersitygw({ program: found.path, dir: join(folder, 's3') });
  stops.push(() => server.stop());
  const { endpoint, region, accessKeyId, secretAccessKey } = server;
  return { endpoint, region, accessKeyId, secretAccessKey };
}

function givenS3(): S3Access | null {
  const {
    S3_TEST_ENDPOINT,
    AWS_REGION = 'us-east-1',
    AWS_ACCESS_KEY_ID = '',
    AWS_SECRET_ACCESS_KEY = '',
  } = process.env;
  if (!S3_TEST_ENDPOINT) return null;
  return {
    endpoint: S3_TEST_ENDPOINT,
    region: AWS_REGION,
    accessKeyId: AWS_ACCESS_KEY_ID,
    secretAccessKey: AWS_SECRET_ACCESS_KEY,
  };
}
