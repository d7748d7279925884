/** The API is killed, the Temporal server is stopped on its file, the database restarts: the training does not notice. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { readTemporalDevConfig } from '../../config/temporal-dev.ts';
import { createApiClient } from '../../dev/api-client.ts';
import { processEnvironment } from '../../dev/environment.ts';
import { drawPhoto } from '../../dev/photos.ts';
import { freePort } from '../../dev/ports.ts';
import { startApiProcess, startWorkerProcess } from '../../dev/processes.ts';
import { resolveTemporalCli } from '../../dev/temporal-cli.mjs';
import { startTemporalServer } from '../../dev/temporal-server.ts';
import { createTestDatabase } from '../support/database.ts';
import { createWorld } from '../support/world.ts';
import { FAST, QUICK_CLOUD } from './installation.ts';

type Stop = () => Promise<unknown>;
const stops: Stop[] = [];
let photos: { filename: string; bytes: Buffer }[];
beforeAll(async () => {
  photos = await Promise.all(
    Array.from({ length: 6 }, async (_, index) => ({ filename: `p${index}.jpg`, bytes: await drawPhoto(index + 1) })),
  );
});
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

/** Temporal on a file of its own, a worker and an API as processes. */
async function startAll() {
  const home = await mkdtemp(join(tmpdir(), 'tempera-restart-'));
  stops.push(() => rm(home, { recursive: true, force: true }));
  const database = await createTestDatabase();
  stops.push(() => database.drop());
  const [port, uiPort, apiPort] = [await freePort(), await freePort(), await freePort()];
  const startTemporal = async () =>
    startTemporalServer({
      config: readTemporalDevConfig(),
      cliPath: await resolveTemporalCli(),
      databaseFile: join(home, 'temporal.db'),
      port,
      uiPort,
    });
  let temporal = await startTemporal();
  stops.push(() => temporal.stop());
  const world = createWorld();
  await world.configure({ ...QUICK_CLOUD, delaysMs: { ...QUICK_CLOUD.delaysMs, step: 25 } });
  const env = processEnvironment({
    home,
    databaseUrl: database.url,
    temporal,
    worldUrl: world.url,
    api: { host: '127.0.0.1', port: apiPort },
  });
  const worker = await startWorkerProcess({ env });
  stops.push(() => worker.stop());
  const startApi = () => startApiProcess({ env, args: ['--allow-test-intervals'] });
  let api = await startApi();
  stops.push(() => api.stop());
  const client = createApiClient(api.url, join(home, 'api-key'));
  return {
    world,
    client,
    /** Starts a training of about ten seconds. */
    async train() {
      const { images } = await client.uploadPhotos(photos);
      const dataset = await client.createDataset(
        'photos',
        images.map((image) => image.id),
      );
      const body = {
        datasetId: dataset.id,
        baseModel: 'flux',
        triggerWord: 'ohwx',
        recipe: { steps: 400, checkpointInterval: 100 },
        intervals: FAST,
      };
      return (await client.startTraining(body, 'the-key')).id;
    },
    async until(id: string, condition: (seen: Awaited<ReturnType<typeof client.training>>) => boolean) {
      for (;;) {
        const seen = await client.training(id);
        if (condition(seen)) return seen;
        await sleep(50);
      }
    },
    async killApi() {
      api.signal('SIGKILL');
      await api.exited;
      api = await startApi();
    },
    async restartTemporal() {
      await temporal.stop();
      temporal = await startTemporal();
    },
  };
}

let stack: Awaited<ReturnType<typeof startAll>>;
beforeEach(async () => {
  stack = await startAll();
});
afterAll(() => expect(stops).toEqual([]));

async function expectOnePod() {
  const book = await stack.world.book();
  expect(book.pods).toHaveLength(1);
  expect(book.aliveNow).toEqual([]);
}

test('the API killed and started again', async () => {
  const id = await stack.train();
  await stack.until(id, (seen) => seen.progress.step > 10);

  await stack.killApi();
  const done = await stack.until(id, (seen) => seen.status === 'ready');

  expect(done.attempt).toBe(1);
  await expectOnePod();
});

test('the Temporal server stopped and started on its file in the middle of a training', async () => {
  const id = await stack.train();
  await stack.until(id, (seen) => seen.progress.step > 10);

  await stack.restartTemporal();
  const done = await stack.until(id, (seen) => seen.status === 'ready');

  expect(done.attempt).toBe(1);
  await expectOnePod();
});
