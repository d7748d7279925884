/** Our own clients of RunPod and AI Toolkit against the emulated cloud, over real HTTP. */
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { resolveRecipe } from '../../core/recipe.ts';
import { GPU_NAMES } from '../../core/gpu.ts';
import { rankOffers } from '../../core/offer.ts';
import type { Offer } from '../../core/offer.ts';
import type { NewFault } from '../../emulator/client.ts';
import type { Compute } from '../../providers/compute/compute.ts';
import { createRunpodCompute } from '../../providers/compute/runpod/compute.ts';
import { createAiToolkitTrainer } from '../../providers/trainers/ai-toolkit/trainer.ts';
import type { TrainerSession, TrainerTarget } from '../../providers/trainers/trainer.ts';
import { startCloud } from './world.ts';
import type { TestWorld } from './world.ts';

const PASSWORD = 'a-password-of-a-pod';
const OFFER: Offer = {
  gpu: 'NVIDIA GeForce RTX 4090',
  vramGb: 24,
  cloud: 'secure',
  hourlyMicroUsd: 740_000,
  dataCenters: [],
};
const trainer = createAiToolkitTrainer();
const AUTHORIZED = { headers: { authorization: `Bearer ${PASSWORD}` } };
const never = new AbortController().signal;

let cloud: Awaited<ReturnType<typeof startCloud>>;
beforeAll(async () => {
  cloud = await startCloud();
});
afterAll(() => cloud.close());

function computeOf(world: TestWorld, apiKey = 'emulated'): Compute {
  return createRunpodCompute({
    apiKey,
    apiUrl: `${world.url}/runpod`,
    proxyTemplate: `${world.url}/proxy/{podId}/{port}`,
    catalogAgeMs: 0,
  });
}

const spec = (name: string) => ({
  name,
  image: 'ostris/aitoolkit:0.12.26',
  diskGb: 60,
  httpPorts: [trainer.port],
  env: trainer.environment({ password: PASSWORD, gatedModel: false }),
  minCudaVersion: '13.0',
});

async function rentedTrainer(
  world: TestWorld,
): Promise<{ compute: Compute; podId: string; target: TrainerTarget; session: TrainerSession }> {
  const compute = computeOf(world);
  const outcome = await compute.create(spec('tempera-test-0000000000000000-a1p1'), OFFER, 5_000);
  if (outcome.status !== 'created') throw new Error(`no pod: ${outcome.message}`);
  const target = { baseUrl: compute.portUrl(outcome.pod.id, trainer.port), password: PASSWORD };
  const session = trainer.at(target);
  await until(async () => (await session.probe(never)).ready);
  return { compute, podId: outcome.pod.id, target, session };
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(10);
}

const photo = (index: number) => ({
  filename: `${String(index).padStart(4, '0')}.jpg`,
  caption: `photo ${index} of ohwx`,
  sizeBytes: 4,
  read: async () => Buffer.from([0xff, 0xd8, 0xff, index]),
});

describe('RunPod', () => {
  test('rents, lists, bills and ends a pod', async () => {
    const world = await cloud.world('rents');
    const compute = computeOf(world);

    const [offer] = rankOffers(await compute.catalog(), { baseModel: 'flux' });
    const outcome = await compute.create(spec('tempera-test-1111111111111111-a1p1'), offer!, 5_000);
    const listed = await compute.list({ maxAgeMs: 0 });
    const podId = listed[0]!.id;
    await compute.terminate(podId);
    await compute.terminate(podId);
    const billed = await compute.billed(podId, listed[0]!.createdAt);

    expect(outcome).toMatchObject({ status: 'created', pod: { name: 'tempera-test-1111111111111111-a1p1' } });
    expect(listed).toHaveLength(1);
    expect(await compute.isGone(podId)).toBe(true);
    expect(billed).toBeGreaterThan(0);
    expect((await world.book()).aliveNow).toEqual([]);
  });

  test('sells every GPU type of ours under the id that we ask for', async () => {
    const catalog = await computeOf(await cloud.world('names')).catalog();
    const sold = catalog.flatMap(({ name }) => (name === null ? [] : [name]));
    const unknown = catalog.filter(({ name }) => name === null).map(({ gpu }) => gpu);

    // The emulated catalog has no RTX A6000, the real one has (gpu-types.mdx); no image of ours runs on AMD.
    expect(new Set([...sold, 'RTX A6000'])).toEqual(new Set(GPU_NAMES));
    expect(unknown).toEqual(['AMD Instinct MI300X OAM']);
  });

  test.each([
    ['no-capacity', 'no_capacity'],
    ['created-but-500', 'unclear'],
    ['created-but-reset', 'unclear'],
    ['created-but-timeout', 'unclear'],
    ['created-but-unreadable', 'unclear'],
    ['forbidden', 'refused'],
  ])('a create that meets %s is %s', async (effect, expected) => {
    const world = await cloud.world(`create-${effect}`);
    await world.fault({ at: 'pods.create', effect });

    const outcome = await computeOf(world).create(spec('tempera-test-2222222222222222-a1p1'), OFFER, 500);

    expect(outcome.status).toBe(expected);
    expect((await world.book()).requests['POST /v2/pods']).toBe(1);
  });

  test.each([
    ['unauthorized', 'AUTH'],
    ['no-balance', 'BALANCE'],
    ['rate-limited', 'RATE_LIMITED'],
    ['invalid', 'INTERNAL'],
  ])('a create that meets %s fails with %s', async (effect, code) => {
    const world = await cloud.world(`refused-${effect}`);
    await world.fault({ at: 'pods.create', effect });

    await expect(
      computeOf(world).create(spec('tempera-test-3333333333333333-a1p1'), OFFER, 5_000),
    ).rejects.toMatchObject({ code });
  });

  test('a list that is no list is never "no pods"', async () => {
    const world = await cloud.world('no-array');
    await world.fault({ at: 'pods.list', effect: 'no-array' });

    await expect(computeOf(world).list({ maxAgeMs: 0 })).rejects.toMatchObject({ code: 'PROVIDER_UNAVAILABLE' });
  });

  test('a list in pages is read to its end', async () => {
    const world = await cloud.world('pages');
    const compute = computeOf(world);
    await compute.create(spec('tempera-test-4444444444444444-a1p1'), OFFER, 5_000);
    await compute.create(spec('tempera-test-4444444444444444-a1p2'), OFFER, 5_000);
    await world.fault({ at: 'pods.list', effect: 'short-page' });

    expect(await compute.list({ maxAgeMs: 0 })).toHaveLength(2);
  });

  test('many who wait for the list share one call', async () => {
    const world = await cloud.world('shared-list');
    const compute = computeOf(world);

    await Promise.all(Array.from({ length: 50 }, () => compute.list({ maxAgeMs: 10_000 })));

    expect((await world.book()).requests['GET /v2/pods']).toBe(1);
  });

  test('a wrong key never shows in the error', async () => {
    const world = await cloud.world('wrong-key');

    const error = await computeOf(world, 'rpa_SECRETSECRETSECRET')
      .catalog()
      .then(
        () => null,
        (thrown: unknown) => thrown,
      );

    expect(error).toMatchObject({ code: 'AUTH' });
    expect(String(error)).not.toContain('SECRET');
  });
});

describe('AI Toolkit', () => {
  test('uploads, trains, saves and hands out weights', async () => {
    const world = await cloud.world('trains', { loraBytes: 200_000 });
    const { podId, session } = await rentedTrainer(world);
    const progress: number[] = [];

    await session.uploadDataset({
      datasetName: 'ds_0123456789abcdef',
      photos: Array.from({ length: 40 }, (_, index) => photo(index + 1)),
      from: 0,
      onProgress: (uploaded) => progress.push(uploaded),
      signal: never,
    });
    const job = {
      jobName: 'lora_0123456789abcdef',
      datasetName: 'ds_0123456789abcdef',
      recipe: resolveRecipe('flux', 'ohwx', { steps: 40, checkpointInterval: 20 }),
    };
    const jobId = await session.start(job, never);
    const again = await session.start(job, never);
    await until(async () => (await session.job(jobId).observe(never)).state === 'completed');
    const files = await session.job(jobId).files(never);
    const final = files.find((file) => file.step === null)!;
    const bytes = Buffer.concat(await (await session.job(jobId).open(final.path, never)).toArray());

    expect(again).toBe(jobId);
    expect(progress.at(-1)).toBe(40);
    expect(files.map((file) => file.step)).toEqual([null, 20]);
    expect(bytes.length).toBe(final.sizeBytes);
    expect(bytes.equals(await cloud.onDisk('trains', podId, final.path))).toBe(true);
    expect(await session.job(jobId).loss(never)).toBeGreaterThan(0);
    expect((await session.job(jobId).log(0, never)).text).toContain('lora_0123456789abcdef');
    expect((await world.book()).pods[0]!.trainingsStarted).toBe(1);
  });

  test('Wan 2.2 gives two files per save', async () => {
    const world = await cloud.world('wan');
    const { session } = await rentedTrainer(world);
    await session.uploadDataset({
      datasetName: 'ds_wan',
      photos: [photo(1)],
      from: 0,
      onProgress: () => {},
      signal: never,
    });
    const recipe = resolveRecipe('wan-2.2', 'ohwx', { steps: 4, checkpointInterval: 2 });
    const jobId = await session.start({ jobName: 'lora_00000000000000aa', datasetName: 'ds_wan', recipe }, never);
    await until(async () => (await session.job(jobId).observe(never)).state === 'completed');

    const files = await session.job(jobId).files(never);

    expect(files.filter((file) => file.step === null).map((file) => file.filename)).toEqual([
      'lora_00000000000000aa_high_noise.safetensors',
      'lora_00000000000000aa_low_noise.safetensors',
    ]);
  });

  test('a job that a restored checkpoint lies under goes on from its step', async () => {
    const world = await cloud.world('restores');
    const { session } = await rentedTrainer(world);
    await session.uploadDataset({
      datasetName: 'ds_r',
      photos: [photo(1)],
      from: 0,
      onProgress: () => {},
      signal: never,
    });
    const recipe = resolveRecipe('flux', 'ohwx', { steps: 30, checkpointInterval: 10 });
    const first = await session.start({ jobName: 'lora_first00000000', datasetName: 'ds_r', recipe }, never);
    await until(async () => (await session.job(first).observe(never)).state === 'completed');
    const checkpoint = (await session.job(first).files(never)).find((file) => file.step === 20)!;
    const bytes = Buffer.concat(await (await session.job(first).open(checkpoint.path, never)).toArray());

    await session.restore({
      jobName: 'lora_second0000000',
      files: [
        {
          filename: 'lora_second0000000_000000020.safetensors',
          sizeBytes: bytes.length,
          open: async () => Readable.from([bytes]),
        },
      ],
      signal: never,
    });
    const second = await session.start({ jobName: 'lora_second0000000', datasetName: 'ds_r', recipe }, never);
    await until(async () => (await session.job(second).observe(never)).state === 'completed');

    expect((await session.job(second).log(0, never)).text).toMatch(/20/);
    expect((await session.job(second).files(never)).map((file) => file.step)).not.toContain(10);
  });

  test('a restore that was cut off does not lead the job astray', async () => {
    const world = await cloud.world('cut-off');
    const { session, target } = await rentedTrainer(world);
    const signal = never;
    await session.uploadDataset({ datasetName: 'ds_c', photos: [photo(1)], from: 0, onProgress: () => {}, signal });
    const before = (await world.request('GET', `${target.baseUrl}/api/settings`, AUTHORIZED)).body;
    // What a worker that is killed in the middle of a restore leaves behind.
    const astray = { HF_TOKEN: '', MODELS_PATH: '', ...before, DATASETS_FOLDER: before.TRAINING_FOLDER };
    await world.request('POST', `${target.baseUrl}/api/settings`, { ...AUTHORIZED, body: astray });

    const recipe = resolveRecipe('flux', 'ohwx', { steps: 5 });
    const job = await session.start({ jobName: 'lora_c', datasetName: 'ds_c', recipe }, never);
    await until(async () => (await session.job(job).observe(never)).state !== 'running');

    expect(await session.job(job).observe(never)).toMatchObject({ state: 'completed' });
    expect((await world.request('GET', `${target.baseUrl}/api/settings`, AUTHORIZED)).body.DATASETS_FOLDER).toBe(
      before.DATASETS_FOLDER,
    );
  });

  test.each<[string, number, NewFault | null, RegExp]>([
    ['ends early', 2_000_000, null, /the file has 1000000 bytes instead of 2000000/],
    ['is refused', 1_000_000, { at: 'proxy', effect: 'forbidden', match: { path: 'upload' } }, /HTTP 403/],
  ])('a restored file that %s fails, is closed, and gives the datasets folder back', async (name, said, fault, why) => {
    const world = await cloud.world(`restore-${name.replace(' ', '-')}`);
    const { session, target, podId } = await rentedTrainer(world);
    if (fault) await world.fault(fault);
    const source = Readable.from([Buffer.alloc(1_000_000)]);
    const before = (await world.request('GET', `${target.baseUrl}/api/settings`, AUTHORIZED)).body;

    const restoring = session.restore({
      jobName: 'lora_r',
      files: [{ filename: 'a.safetensors', sizeBytes: said, open: async () => source }],
      signal: never,
    });

    await expect(restoring).rejects.toMatchObject({
      code: 'PROVIDER_UNAVAILABLE',
      message: expect.stringMatching(why),
    });
    expect(source.destroyed).toBe(true);
    expect((await world.request('GET', `${target.baseUrl}/api/settings`, AUTHORIZED)).body).toEqual({
      HF_TOKEN: '',
      ...before,
    });
    const path = encodeURIComponent('/app/ai-toolkit/output/lora_r/a.safetensors');
    expect((await world.toolkit(podId, 'GET', `/api/files/${path}`)).status).toBe(404);
  });

  test('a job without a process leaves the GPU idle, a hanging one does not', async () => {
    const states: string[] = [];
    for (const effect of ['zombie', 'hang']) {
      const world = await cloud.world(`gpu-${effect}`);
      await world.fault({ at: 'trainer', effect, step: 5 });
      const { session } = await rentedTrainer(world);
      await session.uploadDataset({
        datasetName: 'ds_g',
        photos: [photo(1)],
        from: 0,
        onProgress: () => {},
        signal: never,
      });
      const recipe = resolveRecipe('flux', 'ohwx', { steps: 10, checkpointInterval: 5 });
      const jobId = await session.start({ jobName: 'lora_gpu', datasetName: 'ds_g', recipe }, never);
      await until(async () => (await session.job(jobId).observe(never)).step === 5);
      if (effect === 'zombie') await until(async () => (await session.job(jobId).gpu(never)) === 'idle');
      states.push((await session.job(jobId).observe(never)).state, await session.job(jobId).gpu(never));
    }

    expect(states).toEqual(['running', 'idle', 'running', 'busy']);
  });

  test.each(['partial', 'fails', 'absent'] as const)(
    'a GPU whose nvidia-smi %s is unknown, not an error',
    async (nvidiaSmi) => {
      const world = await cloud.world(`smi-${nvidiaSmi}`, { nvidiaSmi });
      const { session } = await rentedTrainer(world);

      expect(await session.job('any').gpu(never)).toBe('unknown');
    },
  );

  test('a restore makes the training folder that the image lacks', async () => {
    const world = await cloud.world('no-output', { hasOutputFolder: false });
    const { podId, session } = await rentedTrainer(world);
    const bytes = Buffer.from('weights');
    await session.restore({
      jobName: 'lora_r',
      files: [{ filename: 'a.safetensors', sizeBytes: bytes.length, open: async () => Readable.from([bytes]) }],
      signal: never,
    });

    expect(await cloud.onDisk('no-output', podId, '/app/ai-toolkit/output/lora_r/a.safetensors')).toEqual(bytes);
    const put = { jobName: 'lora_r', files: [{ filename: 'a.safetensors' }], signal: never };
    await session.discardRestored(put);
    await session.discardRestored(put);
    await expect(cloud.onDisk('no-output', podId, '/app/ai-toolkit/output/lora_r/a.safetensors')).rejects.toThrow();
  });

  test('a running job saves when it is asked to', async () => {
    const world = await cloud.world('stops', { delaysMs: { step: 20 } });
    const { session } = await rentedTrainer(world);
    await session.uploadDataset({
      datasetName: 'ds_s',
      photos: [photo(1)],
      from: 0,
      onProgress: () => {},
      signal: never,
    });
    const recipe = resolveRecipe('flux', 'ohwx', { steps: 10_000, checkpointInterval: 500 });
    const jobId = await session.start({ jobName: 'lora_stop', datasetName: 'ds_s', recipe }, never);
    await until(async () => (await session.job(jobId).observe(never)).step > 0);

    await session.job(jobId).saveNow(never);

    await until(async () => (await session.job(jobId).files(never)).length > 0);
  });

  test('a start page, a dead proxy and a wrong password are "not ready"', async () => {
    const world = await cloud.world('not-ready');
    const { session, target } = await rentedTrainer(world);
    await world.fault({ at: 'proxy', effect: 'start-page' }, { at: 'proxy', effect: 'bad-gateway' });

    const startPage = await session.probe(never);
    const badGateway = await session.probe(never);
    const wrong = await trainer.at({ ...target, password: 'wrong-password' }).probe(never);

    expect([startPage.ready, badGateway.ready, wrong.ready]).toEqual([false, false, false]);
    expect(JSON.stringify([startPage, badGateway, wrong])).not.toContain('wrong-password');
  });
});
