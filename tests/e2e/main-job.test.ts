/** The main job: photos in, a verified LoRA out, and what happens when it cannot go straight through. */
import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { targetOf } from '../../activities/session.ts';
import { trainingStatus } from '../../workflows/contract.ts';
import { podsOf, until } from './installation.ts';
import { useInstallation } from './use-installation.ts';

const tempera = useInstallation();
let datasetId: string;
beforeAll(async () => {
  datasetId = await tempera.dataset();
});

/** What the Web UI shows of a run beside its history. */
async function metadataOf(id: string) {
  const { staticSummary, staticDetails } = await tempera.handle(id).describe();
  const metadata = await tempera.handle(id).query<{
    currentDetails?: string;
    definition?: { signalDefinitions?: { name: string; description?: string }[] };
  }>('__temporal_workflow_metadata');
  const signals = metadata.definition?.signalDefinitions ?? [];
  return {
    summary: await staticSummary(),
    details: await staticDetails(),
    currentDetails: metadata.currentDetails,
    signals: signals.filter((signal) => signal.description).map((signal) => signal.name),
  };
}

async function alive(id: string): Promise<number> {
  return (await podsOf(tempera, id)).filter((pod: { deletedAtMs: number | null }) => pod.deletedAtMs === null).length;
}

/** Whether the trainer on the newest pod of a training was told to spare memory, by its own word. */
async function lowVramOf(id: string): Promise<boolean> {
  const pod = (await podsOf(tempera, id)).at(-1);
  const { baseUrl, password } = targetOf(tempera.activities, { podId: pod!.id, podName: pod!.name });
  const answer = await fetch(`${baseUrl}/api/jobs`, { headers: { authorization: `Bearer ${password}` } });
  const { jobs } = (await answer.json()) as { jobs: { job_config: string }[] };
  return JSON.parse(jobs[0]!.job_config).config.process[0].model.low_vram;
}

/** What the workflow gave to each call of an activity. */
async function inputsOf(id: string, activity: string): Promise<unknown[]> {
  const { events } = await tempera.handle(id).fetchHistory();
  return (events ?? []).flatMap(({ activityTaskScheduledEventAttributes: scheduled }) => {
    if (scheduled?.activityType?.name !== activity) return [];
    return [JSON.parse(Buffer.from(scheduled.input!.payloads![0]!.data!).toString())];
  });
}

describe('success', () => {
  test('photos become a LoRA in the object store, and the pod is gone', async () => {
    const id = await tempera.start({ datasetId });

    const result = await tempera.handle(id).result();
    const training = await tempera.training(id);
    const [file] = training.artifact.files;
    const answer = await tempera.http.get(`/v1/trainings/${id}/artifact`);
    const url = new URL(answer.body.files[0].url);
    const download = await tempera.app.inject({ method: 'GET', url: url.pathname + url.search });

    expect(result).toMatchObject({ status: 'ready', sha256: file.sha256 });
    expect(training).toMatchObject({
      status: 'ready',
      phase: 'done',
      attempt: 1,
      gpu: 'NVIDIA GeForce RTX 4090',
      progress: { step: 20 },
    });
    expect(createHash('sha256').update(download.rawPayload).digest('hex')).toBe(file.sha256);
    expect(await podsOf(tempera, id)).toHaveLength(1);
    expect(await alive(id)).toBe(0);
    expect(training.cost.microUsd).toBeGreaterThan(0);
    expect(await tempera.events(id)).toEqual([
      'training.queued',
      'training.started',
      'training.phase',
      'training.phase',
      'training.phase',
      'training.phase',
      'training.phase',
      'training.ready',
    ]);
  });

  test('checkpoints are mirrored while the pod trains', async () => {
    await tempera.world.addFault({ at: 'trainer', effect: 'hang', step: 45 });
    const id = await tempera.start({ datasetId, recipe: { steps: 60, checkpointInterval: 20 } });
    const mirrored = () =>
      tempera.database.checkpoint.findMany({ where: { attempt: { loraModelId: id } }, orderBy: { step: 'asc' } });
    const isState = ({ filename }: { filename: string }) => filename.startsWith('optimizer_');
    await until(async () => (await mirrored()).filter(isState).some(({ step }) => step === 40));
    const files = await mirrored();
    const checkpoints = files.filter((file) => !isState(file));
    const stored = await Promise.all(files.map(({ storageKey }) => tempera.store.head(storageKey)));
    await tempera.http.post(`/v1/trainings/${id}/cancel`);
    await tempera.until(id, 'cancelled');

    expect(checkpoints.map((checkpoint) => checkpoint.step)).toEqual([20, 40]);
    // A state is written over at each save: of one that was soon overtaken it may be missed.
    expect(files.filter(isState).map(({ step }) => step)).toContain(40);
    expect(stored.map((object) => object?.sha256)).toEqual(files.map(({ sha256 }) => sha256));
  });

  test('the samples of the last step come home before the pod goes', async () => {
    const id = await tempera.start({ datasetId });
    await tempera.handle(id).result();

    const samples = await tempera.database.sample.findMany({ where: { attempt: { loraModelId: id } } });

    expect(samples.map((sample) => sample.step)).toContain(20);
  });

  test('Wan 2.2 brings both of its files home', async () => {
    const id = await tempera.start({ datasetId, baseModel: 'one-2.2', recipe: { steps: 4, checkpointInterval: 2 } });
    await tempera.handle(id).result();

    const { artifact, baseModel } = await tempera.training(id);

    expect(baseModel).toBe('wan-2.2');
    expect(artifact.files.map((file: { name: string }) => file.name)).toEqual([
      'mia_high_noise.safetensors',
      'mia_low_noise.safetensors',
    ]);
  });
});

describe('failure policy', () => {
  test('three failing attempts end in failed, with one event and no pod; retry then succeeds', async () => {
    await tempera.world.addFault({ at: 'trainer', effect: 'exit', step: 5, times: 3 });
    const id = await tempera.start({ datasetId });

    const failed = await tempera.until(id, 'failed', 'awaiting_retry');
    const aliveAfterFailure = await alive(id);
    const attempts = await tempera.database.trainingAttempt.findMany({
      where: { loraModelId: id },
      orderBy: { number: 'asc' },
    });
    const events = await tempera.events(id);
    // Both streams end by themselves: the first with the failure, the second with the LoRA.
    const stream = (await tempera.http.get(`/v1/trainings/${id}/events`)).body as string;
    const retried = await tempera.http.post(`/v1/trainings/${id}/retry`);
    const lastSeen = [...stream.matchAll(/^id: (\d+)$/gm)].at(-1)![1]!;
    const rest = (await tempera.http.get(`/v1/trainings/${id}/events`, { 'last-event-id': lastSeen })).body as string;
    await tempera.handle(id).result();

    expect(failed).toMatchObject({ reason: 'TRAINER_ERROR', attempt: 3 });
    expect(aliveAfterFailure).toBe(0);
    expect(attempts.map((attempt) => attempt.status)).toEqual(['failed', 'failed', 'failed']);
    expect(events.filter((topic) => topic === 'training.failed')).toHaveLength(1);
    expect(Date.parse(failed.awaitsRetryUntil)).toBeGreaterThan(Date.parse(failed.completedAt));
    expect(stream).toContain(`"awaitsRetryUntil":"${failed.awaitsRetryUntil}"`);
    expect(retried).toMatchObject({ status: 202, body: { awaitsRetryUntil: null } });
    expect(rest).not.toContain('event: training.failed');
    expect(rest).toContain('event: training.ready');
    expect(await tempera.training(id)).toMatchObject({ status: 'ready', attempt: 4 });
    expect(await alive(id)).toBe(0);
  });

  test('too few photos stop the training at once, and nothing is rented', async () => {
    const few = await tempera.dataset(4);
    const id = await tempera.start({ datasetId: few });

    const failed = await tempera.until(id, 'failed');

    expect(failed.reason).toBe('DATASET_REJECTED');
    expect(await podsOf(tempera, id)).toEqual([]);
  });

  test('no capacity is waited for without using up an attempt', async () => {
    await tempera.world.addFault({ at: 'pods.create', effect: 'no-capacity', times: 12 });
    const id = await tempera.start({ datasetId });
    await tempera.handle(id).result();

    expect(await tempera.training(id)).toMatchObject({ status: 'ready', attempt: 1 });
  });

  test.each(['created-but-500', 'created-but-reset', 'created-but-timeout', 'created-but-unreadable'])(
    'a create that is %s is adopted, not repeated',
    async (effect) => {
      await tempera.world.addFault({ at: 'pods.create', effect });
      const id = await tempera.start({ datasetId });
      await tempera.handle(id).result();

      expect(await podsOf(tempera, id)).toHaveLength(1);
      expect(await alive(id)).toBe(0);
    },
  );

  test('a pod that never becomes usable is replaced within the attempt', async () => {
    await tempera.world.addFault({ at: 'pods.create', effect: 'app-never' });
    const id = await tempera.start({ datasetId, intervals: { podReadyTimeoutMs: 1_500 } });
    await tempera.handle(id).result();

    const pods = await podsOf(tempera, id);
    expect(pods).toHaveLength(2);
    expect(await tempera.training(id)).toMatchObject({ status: 'ready', attempt: 1 });
    expect(await alive(id)).toBe(0);
    // Named, or a first teardown that comes back late would end the second pod too.
    expect(await inputsOf(id, 'tearDownPod')).toMatchObject([{ podName: pods[0]!.name }, { attempt: 1 }]);
  });

  test('a pod that vanishes costs an attempt', async () => {
    await tempera.world.addFault({ at: 'trainer', effect: 'vanish', step: 5 });
    const id = await tempera.start({ datasetId });
    await tempera.handle(id).result();

    const [first] = await tempera.database.trainingAttempt.findMany({
      where: { loraModelId: id },
      orderBy: { number: 'asc' },
    });

    expect(first).toMatchObject({ status: 'failed', reason: 'POD_LOST' });
    expect(await tempera.training(id)).toMatchObject({ status: 'ready', attempt: 2 });
  });

  test('a pod that vanishes while photos go up is lost at once, not after all tries', async () => {
    await tempera.world.addFault({
      at: 'proxy',
      effect: 'bad-gateway',
      match: { path: 'datasets/upload' },
      times: 0,
    });
    const id = await tempera.start({ datasetId, intervals: { maxStepTries: 10_000 } });
    await tempera.until(id, 'training', 'uploading');
    const [pod] = await podsOf(tempera, id);
    await tempera.activities.compute.terminate(pod!.id);
    await tempera.world.clearFaults();
    await tempera.handle(id).result();

    const [first] = await tempera.database.trainingAttempt.findMany({
      where: { loraModelId: id },
      orderBy: { number: 'asc' },
    });

    expect(first).toMatchObject({ status: 'failed', reason: 'POD_LOST', message: 'The pod is gone' });
    expect(await tempera.training(id)).toMatchObject({ status: 'ready', attempt: 2 });
  });

  test('a trainer that hangs is a stall', async () => {
    await tempera.world.addFault({ at: 'trainer', effect: 'hang', step: 5 });
    const id = await tempera.start({ datasetId, intervals: { stallTimeoutMs: 1_000 } });
    await tempera.handle(id).result();

    const [first] = await tempera.database.trainingAttempt.findMany({
      where: { loraModelId: id },
      orderBy: { number: 'asc' },
    });

    expect(first).toMatchObject({ status: 'failed', reason: 'TRAINING_STALLED' });
  });

  test('out of memory goes to a larger GPU', async () => {
    await tempera.world.addFault({ at: 'trainer', effect: 'oom', step: 5 });
    const id = await tempera.start({ datasetId });
    await tempera.handle(id).result();

    const gpus = (await podsOf(tempera, id)).map((pod: { gpuId: string }) => pod.gpuId);

    expect(gpus).toEqual(['NVIDIA GeForce RTX 4090', 'NVIDIA GeForce RTX 5090']);
  });

  test('out of memory with no larger GPU to be had goes on in low-memory mode', async () => {
    // Each trainer is held once it is under way, to be asked what it was told.
    await tempera.world.addFault([
      { at: 'trainer', effect: 'oom', step: 5, match: { podName: '-a1p1$' }, skip: 1 },
      { at: 'trainer', effect: 'hang', step: 8, times: 0 },
    ]);
    const compute = { gpus: ['NVIDIA GeForce RTX 4090'] };
    const undisturbed = await tempera.start({ datasetId, compute });
    await until(async () => (await tempera.training(undisturbed)).progress.step === 8);
    const id = await tempera.start({ datasetId, compute });
    await until(async () => (await tempera.training(id)).attempt === 2);
    await until(async () => (await tempera.training(id)).progress.step === 8);
    const [before, after] = [await lowVramOf(undisturbed), await lowVramOf(id)];
    const pods = await podsOf(tempera, id);
    for (const one of [undisturbed, id]) await tempera.http.post(`/v1/trainings/${one}/cancel`);
    for (const one of [undisturbed, id]) await tempera.until(one, 'cancelled');

    expect(before).toBe(false);
    expect(after).toBe(true);
    expect(pods.map((pod: { gpuId: string }) => pod.gpuId)).toEqual(compute.gpus.concat(compute.gpus));
  });

  test('a key that is refused in the middle of a teardown does not end the teardown', async () => {
    await tempera.world.addFault({ at: 'pods.delete', effect: 'unauthorized', times: 3 });
    const id = await tempera.start({ datasetId });
    await tempera.handle(id).result();

    expect(await tempera.training(id)).toMatchObject({ status: 'ready', attempt: 1 });
    expect(await alive(id)).toBe(0);
  });

  test('overrides that no trainer could take stop the training before anything is rented', async () => {
    await tempera.world.addFault({ at: 'pods.create', effect: 'no-balance' });
    const id = await tempera.start({ datasetId });
    await tempera.until(id, 'failed', 'awaiting_retry');

    await tempera.handle(id).signal('retryTraining', { overrides: { checkpointInterval: 0, samplePrompts: 'x' } });
    await until(async () => (await tempera.training(id)).reason === 'RECIPE_INVALID');
    const pods = await podsOf(tempera, id);
    await tempera.handle(id).signal('retryTraining', { overrides: { checkpointInterval: 5, samplePrompts: ['ohwx'] } });
    await tempera.handle(id).result();

    expect(pods).toEqual([]);
    expect(await tempera.events(id)).toContain('training.ready');
    expect((await tempera.events(id)).filter((topic) => topic === 'training.failed')).toHaveLength(2);
  });

  test('a file that does not verify is fetched again', async () => {
    await tempera.world.addFault({ at: 'proxy', effect: 'truncate', match: { path: 'api/files' }, bytes: 1_000 });
    const id = await tempera.start({ datasetId });
    await tempera.handle(id).result();

    expect(await tempera.training(id)).toMatchObject({ status: 'ready', attempt: 1 });
  });

  test.each([
    { name: 'an empty account', effect: 'no-balance', at: 'pods.create', reason: 'BALANCE' },
    { name: 'a key that may not create pods', effect: 'unauthorized', at: 'pods.create', reason: 'AUTH' },
    { name: 'a key that may not list pods', effect: 'unauthorized', at: 'pods.list', reason: 'AUTH' },
    { name: 'a key that may not read prices', effect: 'unauthorized', at: 'catalog', reason: 'AUTH' },
  ] as const)(
    '$name stops the training at once, and a retry goes on once it is mended',
    async ({ at, effect, reason }) => {
      await tempera.world.addFault({ at, effect });
      const id = await tempera.start({ datasetId });

      const failed = await tempera.until(id, 'failed', 'awaiting_retry');
      const rented = await podsOf(tempera, id);
      await tempera.http.post(`/v1/trainings/${id}/retry`);
      await tempera.handle(id).result();

      expect(failed).toMatchObject({ reason, attempt: 1 });
      expect(rented).toEqual([]);
      expect(await tempera.training(id)).toMatchObject({ status: 'ready', attempt: 2 });
    },
  );
});

describe('operators', () => {
  test('see phase, step, cost and pod of a run, and can search for it', async () => {
    await tempera.world.addFault({ at: 'trainer', effect: 'hang', step: 12 });
    const id = await tempera.start({ datasetId, characterId: 'mia-seen' });
    await until(async () => (await tempera.training(id)).progress.step === 12);

    const running = await metadataOf(id);
    const state = await tempera.handle(id).query(trainingStatus);
    const query =
      'LoraCharacter = "mia-seen" AND LoraStatus = "training" AND LoraAttempt = 1 AND LoraGpu = "NVIDIA GeForce RTX 4090"';
    await until(async () => (await tempera.temporal.workflow.count(query)).count === 1);
    await tempera.http.post(`/v1/trainings/${id}/cancel`);
    await tempera
      .handle(id)
      .result()
      .catch(() => undefined);
    const cancelled = await metadataOf(id);

    expect(running.currentDetails).toMatch(/phase \*\*training\*\*.*attempt 1 of 3.*NVIDIA GeForce RTX 4090/s);
    expect(running.summary).toContain('Mia');
    expect(running.details).toContain('ohwx');
    expect(running.signals).toEqual(expect.arrayContaining(['cancelTraining', 'retryTraining']));
    expect(state).toMatchObject({ status: 'training', phase: 'training', attempt: 1 });
    expect(cancelled.currentDetails).toMatch(/cancelled.*cost so far: \$0\.0/s);
    expect(JSON.stringify([running, cancelled])).not.toMatch(/hf_emulated|proxy\/|portrait photo of/);
  });

  test('retry while an attempt runs ends that attempt first and starts the next with a fresh count', async () => {
    await tempera.world.addFault({ at: 'trainer', effect: 'hang', step: 5 });
    const id = await tempera.start({ datasetId });
    await tempera.until(id, 'training', 'training');

    const answer = await tempera.http.post(`/v1/trainings/${id}/retry`, { overrides: { steps: 30 } });
    await tempera.handle(id).result();
    const attempts = await tempera.database.trainingAttempt.findMany({
      where: { loraModelId: id },
      orderBy: { number: 'asc' },
    });
    const pods = await podsOf(tempera, id);

    expect(answer.status).toBe(202);
    expect(attempts.map((attempt) => attempt.status)).toEqual(['cancelled', 'succeeded']);
    expect(pods).toHaveLength(2);
    expect(pods[1]!.createdAtMs).toBeGreaterThanOrEqual(pods[0]!.deletedAtMs!);
    expect(await tempera.training(id)).toMatchObject({ status: 'ready', progress: { step: 30 } });
  });

  test('the sweeper ends a pod whose training was terminated, and leaves the others alone', async () => {
    await tempera.world.addFault({ at: 'trainer', effect: 'hang', step: 5, times: 2 });
    const terminated = await tempera.start({ datasetId });
    const owned = await tempera.start({ datasetId });
    await tempera.until(terminated, 'training', 'training');
    await tempera.until(owned, 'training', 'training');
    await tempera.handle(terminated).terminate('an operator');

    const report = await tempera.temporal.workflow.execute('sweepPodsWorkflow', {
      workflowId: `sweep-${terminated}`,
      taskQueue: tempera.queues.workflow,
      args: [{ graceMs: 0, taskQueue: tempera.queues.io }],
    });
    const aliveOwned = await alive(owned);
    await tempera.http.post(`/v1/trainings/${owned}/cancel`);
    await tempera.until(owned, 'cancelled');

    expect(report).toMatchObject({ swept: [{ why: 'its training has ended' }] });
    expect(await alive(terminated)).toBe(0);
    expect(aliveOwned).toBe(1);
  });

  test('a pod that a killed worker could not book is swept, booked and settled to the micro-dollar', async () => {
    await tempera.world.addFault({ at: 'trainer', effect: 'hang', step: 5 });
    const id = await tempera.start({ datasetId });
    await tempera.until(id, 'training', 'training');
    await tempera.handle(id).terminate('an operator');
    const where = { attempt: { loraModelId: id } };
    await tempera.database.pod.updateMany({ where, data: { externalId: null, createdAt: null, hourlyMicroUsd: null } });

    // The first bill is not there yet, and the second could still grow.
    await tempera.world.addFault({ at: 'billing', effect: 'lag', ms: 3_600_000, times: 0 });
    const settled: boolean[] = [];
    for (const look of [1, 2, 3]) {
      await sweep(`settle-${look}-${id}`);
      await tempera.world.clearFaults();
      settled.push((await tempera.database.pod.findFirstOrThrow({ where })).costSettled);
    }
    const [pod] = await podsOf(tempera, id);

    expect(settled).toEqual([false, false, true]);
    expect(await tempera.database.pod.findMany({ where })).toMatchObject([
      { externalId: pod!.id, costSettled: true, costMicroUsd: BigInt(pod!.costMicroUsd) },
    ]);
  });

  test('a training that was terminated before it began is not started again', async () => {
    const id = await tempera.start({ datasetId });
    await tempera.handle(id).terminate('an operator');
    await tempera.database.loraModel.update({
      where: { id },
      data: { status: 'pending', phase: 'queued', createdAt: new Date(Date.now() - 120_000) },
    });

    await sweep(`sweep-${id}`);

    expect((await tempera.handle(id).describe()).status.name).toBe('TERMINATED');
    expect(await tempera.training(id)).toMatchObject({ status: 'cancelled', phase: 'done' });
  });

  const sweep = (workflowId: string) =>
    tempera.temporal.workflow.execute('sweepPodsWorkflow', {
      workflowId,
      taskQueue: tempera.queues.workflow,
      args: [{ graceMs: 0, settleAfterMs: 0, taskQueue: tempera.queues.io }],
    });
});
