/** The API process: reads settings, builds what the API needs, serves until SIGTERM or SIGINT. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createLogger } from '../config/logger.ts';
import { settingsOfProcess } from '../config/process.ts';
import { inspectPhotoFile } from '../curation/intake/intake.ts';
import { createDatabase } from '../prisma/client.ts';
import { createRepositories } from '../prisma/repositories/index.ts';
import { databaseTrouble } from '../prisma/trouble.ts';
import { createRunpodCompute } from '../providers/compute/runpod/compute.ts';
import { createObjectStore } from '../providers/storage/registry.ts';
import { verifySignedObjectUrl } from '../providers/storage/signed-object-url.ts';
import { taskQueues } from '../workflows/contract.ts';
import { ensureFirstApiKey } from './api-key.ts';
import { buildApp } from './app.ts';
import { createTemporalGateway } from './temporal.ts';
import { removeStaleUploads, sweepStaleUploads } from './uploads/stale-uploads.ts';

/**
 * How long a query waits for a connection, and for its answer: a client must get its 503 within 3 seconds.
 * Milliseconds.
 */
const DATABASE_CONNECT_MS = 1_500;
const DATABASE_STATEMENT_MS = 2_000;
/** How long requests in flight have to finish after a shutdown signal. Milliseconds. */
const CLOSE_TIMEOUT_MS = 10_000;

const FIRST_KEY_RETRY_MS = 500;
/** When somebody has to change something first. Milliseconds. */
const LASTING_TROUBLE_RETRY_MS = 5_000;

let closing = false;
const { values: flags } = parseArgs({
  options: {
    /** For the demo and tests: accepts `intervals` in a request. */
    'allow-test-intervals': { type: 'boolean', default: false },
    /** For tests: image URLs may point to this machine. */
    'allow-private-image-urls': { type: 'boolean', default: false },
  },
});

const settings = settingsOfProcess({ rentsPods: false });
const logger = createLogger('api', settings.logLevel);
const queues = taskQueues(settings.taskQueuePrefix);
const { runpod } = settings;
/** For prices only; the API rents nothing. */
const compute = runpod.apiKey === undefined ? undefined : createRunpodCompute({ ...runpod, apiKey: runpod.apiKey });
const temporal = createTemporalGateway({ taskQueue: queues.workflow });
const database = createDatabase({
  url: settings.databaseUrl,
  connectTimeoutMs: DATABASE_CONNECT_MS,
  statementTimeoutMs: DATABASE_STATEMENT_MS,
});
const repositories = createRepositories(database);
const store = createObjectStore(settings);
const app = buildApp({
  repositories,
  temporal,
  logger,
  store,
  signedObjects:
    settings.objectStore.kind === 'filesystem'
      ? { verify: (url) => verifySignedObjectUrl({ secret: settings.secret, ...url }) }
      : undefined,
  inspectPhoto: inspectPhotoFile,
  prices: compute && ((signal) => compute.catalog(signal)),
  clock: () => new Date(),
  settings: {
    home: settings.home,
    publicUrl: settings.api.publicUrl,
    temporalUiUrl: settings.temporalUiUrl,
    temporalNamespace: temporal.namespace,
    taskQueues: queues,
    limits: settings.limits,
    publishing: settings.publishing,
    diskGb: runpod.diskGb,
    uploadsPerKey: settings.api.uploadsPerKey,
    allowTestIntervals: flags['allow-test-intervals'],
    allowPrivateImageUrls: flags['allow-private-image-urls'],
  },
});

for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void close(signal));
await removeStaleUploads(settings.home, new Date());
const uploadSweep = sweepStaleUploads({ home: settings.home, logger });
// The key is in its file before the API is reported as ready. With the database down there is no key yet, but
// an API that answers 503.
const trouble = await makeFirstKey();
await app.listen({ host: settings.api.host, port: settings.api.port }).catch((error: NodeJS.ErrnoException) => {
  const { host, port } = settings.api;
  logger.fatal({ host, port, code: error.code }, 'the API cannot listen there: see API_HOST and API_PORT');
  process.exit(1);
});
logger.info({ url: settings.api.publicUrl, addresses: app.addresses() }, 'api ready');
void store.ping().catch((error: unknown) => logger.error({ part: 'objectStore' }, (error as Error).message));
if (trouble !== null) await makeFirstKeyLater();

/** Why the database cannot be used yet, and whether waiting may help; null when the first key is there. */
async function makeFirstKey(): Promise<{ readonly why: string; readonly lasts: boolean } | null> {
  const file = join(settings.home, 'api-key');
  try {
    // The key itself is only in that file: more people read logs.
    if (await ensureFirstApiKey(repositories, file)) logger.info({ file }, 'the first API key is in this file');
    return null;
  } catch (error) {
    const { code, name } = error as { code?: unknown; name?: unknown };
    const why = `the first API key cannot be made: ${String(code ?? name)}`;
    return databaseTrouble(error) ?? { why, lasts: false };
  }
}

/** Tries until it works, and says each trouble once. */
async function makeFirstKeyLater(): Promise<void> {
  let told = '';
  while (!closing) {
    const trouble = await makeFirstKey();
    if (trouble === null) break;
    if (trouble.why !== told) logger[trouble.lasts ? 'error' : 'warn']({ triedAgain: true }, trouble.why);
    told = trouble.why;
    await sleep(trouble.lasts ? LASTING_TROUBLE_RETRY_MS : FIRST_KEY_RETRY_MS);
  }
  if (!closing && told !== '') logger.info('the database can be used now');
}

async function close(signal: string): Promise<void> {
  if (closing) return;
  closing = true;
  logger.info({ signal }, 'api closing');
  setTimeout(() => process.exit(1), CLOSE_TIMEOUT_MS).unref();
  uploadSweep.stop();
  await app.close();
  await temporal.close();
  await database.$disconnect();
}
