/** The API process: reads settings, builds what the API needs, serves until SIGTERM or SIGINT. */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { readSettings } from '../config/env.ts';
import type { Settings } from '../config/env.ts';
import { createLogger } from '../config/logger.ts';
import { inspectPhoto } from '../curation/intake.ts';
import { createDatabase } from '../prisma/client.ts';
import { createFilesystemStore } from '../providers/storage/filesystem.ts';
import { createS3Store } from '../providers/storage/s3.ts';
import { verifySignedObjectUrl } from '../providers/storage/signed-object-url.ts';
import { ensureFirstApiKey } from './api-key.ts';
import { buildApp } from './app.ts';
import type { ApiDeps } from './deps.ts';
import { createTemporalGateway } from './temporal.ts';

/** How long a query waits for a connection, and for its answer: a client must hear 503 within 3 seconds. Milliseconds. */
const DATABASE_CONNECT_MS = 1_500;
const DATABASE_QUERY_MS = 2_500;
/** Longest that requests under way may take to end after a signal. Milliseconds. */
const CLOSE_TIMEOUT_MS = 10_000;

const { values: flags } = parseArgs({
  options: {
    /** For the demo and tests: lets `intervals` of a request through. */
    'allow-test-intervals': { type: 'boolean', default: false },
    /** For tests: image URLs may lead to this machine. */
    'allow-private-image-urls': { type: 'boolean', default: false },
    /** For tests: `<workflow>,<io>,<cpu>` instead of the standard task queues. */
    'task-queues': { type: 'string' },
  },
});

const settings = readSettings();
const logger = createLogger('api', settings.logLevel);
const [workflowQueue, io, cpu] = flags['task-queues']?.split(',') ?? [];
const temporal = createTemporalGateway(workflowQueue === undefined ? {} : { taskQueue: workflowQueue });
const database = createDatabase({ url: withQueryTimeout(settings.databaseUrl), connectTimeoutMs: DATABASE_CONNECT_MS });
const app = buildApp({
  database,
  temporal,
  logger,
  ...objectStore(settings),
  inspectPhoto,
  clock: () => new Date(),
  settings: {
    home: settings.home,
    publicUrl: settings.api.publicUrl,
    temporalUiUrl: settings.temporalUiUrl,
    temporalNamespace: temporal.namespace,
    taskQueues: io === undefined || cpu === undefined ? undefined : { io, cpu },
    allowTestIntervals: flags['allow-test-intervals'],
    allowPrivateImageUrls: flags['allow-private-image-urls'],
  },
});

let closing = false;
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void close(signal));
await app.listen({ host: settings.api.host, port: settings.api.port });
await announceFirstKey();
if (!closing) logger.info({ url: settings.api.publicUrl, addresses: app.addresses() }, 'api ready');

/** PostgreSQL may come up after us: this waits for it. */
async function announceFirstKey(): Promise<void> {
  const file = join(settings.home, 'api-key');
  while (!closing) {
    try {
      const key = await ensureFirstApiKey(database, file);
      // Straight to stdout: the logger would redact it, and this is the one time that it may be seen.
      if (key !== null) process.stdout.write(`${JSON.stringify({ level: 30, msg: 'first API key, shown once', firstApiKey: key, file })}\n`);
      return;
    } catch (error) {
      logger.warn({ err: (error as Error).name }, 'the database cannot be used yet; trying again');
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }
}

async function close(signal: string): Promise<void> {
  if (closing) return;
  closing = true;
  logger.info({ signal }, 'api closing');
  setTimeout(() => process.exit(1), CLOSE_TIMEOUT_MS).unref();
  await app.close();
  await temporal.close();
  await database.$disconnect();
}

function objectStore({ objectStore: store, secret, api }: Settings): Pick<ApiDeps, 'store' | 'signedObjects'> {
  if (store.kind === 's3') return { store: createS3Store(store) };
  return {
    store: createFilesystemStore({ root: store.root, secret, publicUrl: api.publicUrl }),
    signedObjects: { verify: (url) => verifySignedObjectUrl({ secret, ...url }) },
  };
}

/** node-postgres takes its options from the address too; without this a frozen server would hold a request forever. */
function withQueryTimeout(databaseUrl: string): string {
  const url = new URL(databaseUrl);
  if (!url.searchParams.has('query_timeout')) url.searchParams.set('query_timeout', String(DATABASE_QUERY_MS));
  return url.href;
}
