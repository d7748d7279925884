/** A whole installation for one test file: API, worker and emulated world of its own, on the run's Temporal and PostgreSQL. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from '@temporalio/client';
import { DefaultLogger, Runtime, bundleWorkflowCode } from '@temporalio/worker';
import { pino } from 'pino';
import type { ActivityDependencies } from '../../activities/dependencies.ts';
import { newApiKey } from '../../api/api-key.ts';
import { buildApp } from '../../api/app.ts';
import { sha256Hex } from '../../api/ids.ts';
import { createTemporalGateway } from '../../api/temporal.ts';
import type { Intervals } from '../../core/interval.ts';
import type { PublishPolicy } from '../../core/publish-policy.ts';
import { NO_LIMITS } from '../../core/spend-limit.ts';
import type { SpendLimits } from '../../core/spend-limit.ts';
import { createCurator } from '../../curation/curator.ts';
import { inspectPhotoFile } from '../../curation/intake/intake.ts';
import { drawPhoto } from '../../dev/photos.ts';
import type { PodEntry } from '../../emulator/client.ts';
import { createDatabase } from '../../prisma/client.ts';
import { createRepositories } from '../../prisma/repositories/index.ts';
import { createRunpodCompute } from '../../providers/compute/runpod/compute.ts';
import { createPublishers } from '../../providers/publishing/registry.ts';
import { createPodSecrets } from '../../providers/pod-secrets.ts';
import { createFilesystemStore } from '../../providers/storage/filesystem.ts';
import type { ObjectStore } from '../../providers/storage/object-store.ts';
import type { S3ClientOptions } from '../../providers/storage/s3-client.ts';
import { verifySignedObjectUrl } from '../../providers/storage/signed-object-url.ts';
import { createAiToolkitTrainer } from '../../providers/trainers/ai-toolkit/trainer.ts';
import { WORKFLOWS_PATH, createWorkers } from '../../workers/roles.ts';
import { createWorkflowDirectory } from '../../workers/workflow-directory.ts';
import { datasetCheckWorkflowId, taskQueues, trainingWorkflowId } from '../../workflows/contract.ts';
import { createTestDatabase } from '../support/database.ts';
import { nativeTemporalConnection, temporalConnection } from '../support/temporal.ts';
import { createWorld } from '../support/world.ts';
import { client as apiClient } from './api-harness.ts';
import { repeatedSteps } from './repeated-steps.ts';

Runtime.install({ logger: new DefaultLogger('ERROR') });

/** The story in milliseconds: every wait short, every limit still far above what a busy machine needs. */
export const FAST: Partial<Intervals> = {
  capacityWaitMs: [50],
  capacityTimeoutMs: 600_000,
  createTimeoutMs: 2_000,
  reconcileIntervalMs: 50,
  podReadyTimeoutMs: 600_000,
  readyPollMs: 100,
  watchPollMs: 100,
  watchFastPollMs: 40,
  startupTimeoutMs: 600_000,
  stallTimeoutMs: 600_000,
  podLostTimeoutMs: 30_000,
  retryWindowMs: 600_000,
  heartbeatTimeoutMs: 5_000,
  shortTimeoutMs: 10_000,
  transferTimeoutMs: 60_000,
  retryIntervalMs: 50,
};

/** All of the vendors' delays at nearly nothing. */
export const QUICK_CLOUD = {
  rateLimit: null,
  loraBytes: 100_000,
  delaysMs: {
    provisioning: 0,
    starting: 0,
    ports: 0,
    app: 0,
    workerTick: 5,
    modelLoad: 0,
    datasetLoad: 0,
    step: 0,
    save: 0,
    sample: 0,
  },
};

const SECRET = 'a secret of thirty-two characters or more';

// Answers of the API are plain JSON; tests look into them freely.
// oxlint-disable-next-line typescript/no-explicit-any
type Body = any;

export type Installation = Awaited<ReturnType<typeof createInstallation>>;

export interface InstallationOptions {
  /** False leaves the worker to the test. Default true. */
  readonly withWorker?: boolean;
  /** Lets the API read the vendor's prices, for quotes. Default false. */
  readonly withPrices?: boolean;
  /** Limits on spending. Default none. */
  readonly limits?: SpendLimits;
  readonly publishS3?: S3ClientOptions & { readonly bucket: string };
  /** Where users may publish on the Hub. Default `tempera-demo`, which the emulator's token may write. */
  readonly namespaces?: readonly string[];
  /** Saves whose weights stay at home. Default 4. */
  readonly keepCheckpoints?: number;
  /** Largest file that goes to a pod over its trainer's API; pods fetch larger saves by themselves. Bytes. */
  readonly maxRestoreBytes?: number;
  /** True when signed URLs must really be served, at an address of the API's own. Default false. */
  readonly servesObjects?: boolean;
}

export async function createInstallation(options: InstallationOptions = {}) {
  const testDatabase = await createTestDatabase();
  const database = createDatabase({ url: testDatabase.url, poolSize: 8 });
  const home = await mkdtemp(join(tmpdir(), 'tempera-e2e-'));
  const publishing: PublishPolicy = {
    buckets: options.publishS3 === undefined ? [] : [options.publishS3.bucket],
    namespaces: options.namespaces ?? ['tempera-demo'],
  };
  const prefix = `e2e-${randomBytes(6).toString('hex')}`;
  const queues = taskQueues(prefix);
  const environment = `t${randomBytes(4).toString('hex')}`;
  const world = createWorld();
  await world.configure(QUICK_CLOUD);
  const { connection, namespace } = await temporalConnection();
  const native = await nativeTemporalConnection();
  const temporal = new Client({ connection, namespace });
  // The store signs addresses of the API, which is built upon the store: its server comes before both.
  const front = createServer((req, res) => app.routing(req, res));
  if (options.servesObjects) await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
  const publicUrl = options.servesObjects
    ? `http://127.0.0.1:${(front.address() as AddressInfo).port}`
    : 'http://api.test';
  const files = createFilesystemStore({ root: join(home, 'objects'), secret: SECRET, publicUrl });
  /** Keys of objects that were opened, in order. */
  const opened: string[] = [];
  /** Photos are handed out once this is over. */
  let held: Promise<void> = Promise.resolve();
  const store: ObjectStore = {
    ...files,
    async get(key, getOptions) {
      opened.push(key);
      if (key.startsWith('images/')) await held;
      return files.get(key, getOptions);
    },
  };
  const gateway = createTemporalGateway({ address: connection.options.address, namespace, taskQueue: queues.workflow });
  const compute = createRunpodCompute({
    apiKey: 'emulated',
    apiUrl: world.runpodUrl,
    proxyTemplate: world.proxyTemplate,
    catalogAgeMs: 0,
    freeListsPerMinute: Infinity,
  });
  const repositories = createRepositories(database);
  const app = buildApp({
    repositories,
    store,
    temporal: gateway,
    inspectPhoto: inspectPhotoFile,
    signedObjects: { verify: (url) => verifySignedObjectUrl({ secret: SECRET, ...url }) },
    logger: pino({ level: 'silent' }),
    clock: () => new Date(),
    prices: options.withPrices === true ? (signal) => compute.catalog(signal) : undefined,
    settings: {
      home,
      publicUrl,
      temporalNamespace: namespace,
      taskQueues: queues,
      allowTestIntervals: true,
      limits: options.limits ?? NO_LIMITS,
      publishing,
      diskGb: 60,
      uploadsPerKey: 6,
    },
  });
  const newClient = async (name: string) => {
    const key = newApiKey();
    await database.user.create({
      data: {
        email: `${name}@example.org`,
        apiKeys: { create: { name: 'e2e', prefix: key.slice(0, 10), secretHash: sha256Hex(key) } },
      },
    });
    return apiClient(app, key);
  };
  const http = await newClient(environment);

  const curator = createCurator();
  const activities: ActivityDependencies = {
    repositories,
    store,
    curator,
    captioner: null,
    compute,
    trainer: createAiToolkitTrainer({
      huggingFaceToken: 'hf_emulated',
      ...(options.maxRestoreBytes === undefined ? {} : { maxRestoreBytes: options.maxRestoreBytes }),
    }),
    publishers: createPublishers({
      huggingFace: { token: 'hf_emulated', hubUrl: world.hubUrl },
      publishS3: options.publishS3,
      publishing,
      environment,
      secret: SECRET,
      temporaryDirectory: join(home, 'tmp'),
    }),
    secrets: createPodSecrets(SECRET),
    workflows: createWorkflowDirectory(temporal, prefix),
    environment,
    limits: options.limits ?? NO_LIMITS,
    pod: { image: 'ostris/aitoolkit:0.12.26', diskGb: 60 },
    keepCheckpoints: options.keepCheckpoints ?? 4,
  };
  const workers =
    options.withWorker === false
      ? []
      : await createWorkers({
          roles: ['workflow', 'io', 'cpu'],
          connection: native.connection,
          namespace,
          activities,
          workflowBundle: await bundleWorkflowCode({
            workflowsPath: WORKFLOWS_PATH,
            logger: new DefaultLogger('ERROR'),
          }),
          taskQueues: queues,
        });
  const running = Promise.all(workers.map((worker) => worker.run()));

  const book = () => world.book();
  const training = async (id: string): Promise<Body> => (await http.get(`/v1/trainings/${id}`)).body;

  return {
    world,
    database,
    store,
    temporal,
    http,
    /** Requests of another user. */
    newClient,
    app,
    home,
    environment,
    activities,
    queues,
    /** What a worker or API process of this installation needs in its environment, but for TEMPORAL_ADDRESS. */
    processEnv: {
      TEMPERA_ENV: environment,
      TEMPERA_SECRET: SECRET,
      TEMPERA_HOME: home,
      DATABASE_URL: testDatabase.url,
      TEMPORAL_NAMESPACE: namespace,
      TASK_QUEUE_PREFIX: prefix,
      RUNPOD_API_KEY: 'emulated',
      RUNPOD_API_URL: world.runpodUrl,
      RUNPOD_PROXY_TEMPLATE: world.proxyTemplate,
      HF_TOKEN: 'hf_emulated',
      HF_HUB_URL: world.hubUrl,
      PUBLISH_HF_NAMESPACES: publishing.namespaces.join(','),
      OBJECT_STORE: 'filesystem',
      POD_DISK_GB: '60',
    },
    book,
    training,
    handle: (id: string) => temporal.workflow.getHandle(trainingWorkflowId(id)),

    /** Keys below a prefix that were opened while `work` ran. */
    async openedDuring(prefix: string, work: () => Promise<unknown>): Promise<string[]> {
      const before = opened.length;
      await work();
      return opened.slice(before).filter((key) => key.startsWith(prefix));
    },

    /** Lets everybody who opens a photo wait until the returned function is called. */
    holdPhotos(): () => void {
      let release = () => {};
      held = new Promise((resolve) => {
        release = resolve;
      });
      return release;
    },

    /** Has a dataset checked and waits for the end of it. */
    async check(id: string, body: object = {}): Promise<void> {
      // A repeated step would open photos again, which tests count; on a busy machine the face model is slow to come.
      const intervals = { ...FAST, heartbeatTimeoutMs: 60_000 };
      const answer = await http.post(`/v1/datasets/${id}/check`, { ...body, intervals });
      if (answer.status !== 202) throw new Error(`check: ${answer.status} ${JSON.stringify(answer.body)}`);
      await temporal.workflow.getHandle(datasetCheckWorkflowId(id)).result();
    },

    /** Uploads pictures and makes a dataset of them; returns its id. */
    async dataset(photos: readonly Buffer[] | number = 6, body: object = {}, as = http): Promise<string> {
      const pictures =
        typeof photos === 'number'
          ? await Promise.all(Array.from({ length: photos }, (_, index) => drawPhoto(index + 1)))
          : photos;
      const uploaded = await as.upload(
        ...pictures.map((bytes, index) => ({ filename: `photo-${index + 1}.jpg`, bytes })),
      );
      if (uploaded.status !== 201) throw new Error(`upload: ${JSON.stringify(uploaded.body)}`);
      const made = await as.post('/v1/datasets', {
        name: 'photos',
        imageIds: uploaded.body.images.map((image: { id: string }) => image.id),
        ...body,
      });
      if (made.status !== 201) throw new Error(`dataset: ${JSON.stringify(made.body)}`);
      return made.body.id;
    },

    /** Starts a training through the API with the story in milliseconds; returns its id. */
    async start({ as = http, ...body }: Record<string, unknown> & { as?: typeof http }): Promise<string> {
      const answer = await as.post('/v1/trainings', {
        name: 'Mia',
        baseModel: 'flux',
        triggerWord: 'ohwx',
        ...body,
        recipe: { steps: 20, checkpointInterval: 10, ...(body['recipe'] as object | undefined) },
        intervals: { ...FAST, ...(body['intervals'] as object | undefined) },
      });
      if (answer.status !== 201) throw new Error(`start: ${answer.status} ${JSON.stringify(answer.body)}`);
      return answer.body.id;
    },

    /** Waits until the training has this status (and phase). */
    async until(id: string, status: string, phase?: string): Promise<Body> {
      for (;;) {
        const seen = await training(id);
        if (seen.status === status && (phase === undefined || seen.phase === phase)) return seen;
        await sleep(20);
      }
    },

    /** Topics of a training's events, in order. */
    async events(id: string): Promise<string[]> {
      const rows = await database.outboxEvent.findMany({ where: { loraModelId: id }, orderBy: { seq: 'asc' } });
      return rows.map((row) => row.topic);
    },

    async close() {
      for (const line of await repeatedSteps(temporal, queues.workflow)) process.stderr.write(`${line}\n`);
      workers.forEach((worker) => worker.shutdown());
      await running;
      await curator.stop();
      front.close();
      front.closeAllConnections();
      await app.close();
      await gateway.close();
      await native.connection.close();
      await connection.close();
      await database.$disconnect();
      await testDatabase.drop();
      await rm(home, { recursive: true, force: true });
    },
  };
}

/** The pods that a training has had, from the emulator's account book. */
export async function podsOf(tempera: Installation, id: string): Promise<PodEntry[]> {
  const short = id.replaceAll('-', '').slice(-16);
  return (await tempera.book()).pods.filter((pod) => pod.name.includes(short));
}

/** Waits for a condition on something that no event announces. */
export async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(20);
}
