/** Pause, resume, and what a person may ask of a running training. */
import { beforeAll, describe, expect, test } from 'vitest';
import { podsOf, until } from './installation.ts';
import { useInstallation } from './use-installation.ts';

const tempera = useInstallation({ cloud: { delaysMs: { step: 50 } } });
let datasetId: string;
beforeAll(async () => {
  datasetId = await tempera.dataset(6, { curation: { subjectKind: 'style' } });
});

const RECIPE = { steps: 2_000, checkpointInterval: 1_000, sampleInterval: 1_000 };
const start = () => tempera.start({ datasetId, recipe: RECIPE, intervals: { heartbeatTimeoutMs: 3_000 } });
const atStep = (id: string, step: number) => until(async () => (await tempera.training(id)).progress.step >= step);
const hurry = () => tempera.world.configure({ delaysMs: { step: 0 } });

describe('pause', () => {
  test('saves, ends the pod and waits; resume goes on from there and costs no attempt', async () => {
    const id = await start();
    await atStep(id, 10);
    const asked = await tempera.http.post(`/v1/trainings/${id}/pause`);
    const paused = await tempera.until(id, 'training', 'paused');
    const alive = (await tempera.book()).aliveNow;
    const state = await tempera.handle(id).query('trainingStatus');
    await hurry();
    await tempera.http.post(`/v1/trainings/${id}/resume`);
    await tempera.handle(id).result();
    const attempts = await tempera.database.trainingAttempt.findMany({
      where: { loraModelId: id },
      orderBy: { number: 'asc' },
    });

    expect(asked.status).toBe(202);
    expect(paused).toMatchObject({ message: 'Paused by the API key “e2e”', gpu: null });
    expect(alive).toEqual([]);
    expect(state).toMatchObject({ phase: 'paused', reason: 'PAUSED', attemptOfSet: 1 });
    expect(attempts[0]).toMatchObject({ status: 'cancelled', reason: 'PAUSED' });
    expect(attempts[1]).toMatchObject({ status: 'succeeded', resumedWith: 'restored', lostSteps: 0 });
    expect(attempts[1]!.resumedFromStep).toBeGreaterThanOrEqual(10);
    expect(await tempera.events(id)).toContain('training.paused');
  });

  test('while a pod boots ends it at once', async () => {
    await tempera.world.addFault({ at: 'pods.create', effect: 'app-never' });
    const id = await start();
    await until(async () => (await podsOf(tempera, id)).length === 1);
    await tempera.http.post(`/v1/trainings/${id}/pause`);
    await tempera.until(id, 'training', 'paused');
    const alive = (await tempera.book()).aliveNow;
    await hurry();
    await tempera.http.post(`/v1/trainings/${id}/resume`);

    expect(await tempera.handle(id).result()).toMatchObject({ status: 'ready' });
    expect(alive).toEqual([]);
  });

  test('taken back before the pod is gone costs nothing but the pod', async () => {
    await tempera.world.addFault({ at: 'pods.create', effect: 'app-never' });
    const id = await start();
    await until(async () => (await podsOf(tempera, id)).length === 1);
    await tempera.handle(id).signal('pauseTraining', { by: 'one person' });
    await tempera.handle(id).signal('resumeTraining', { by: 'another' });
    await hurry();

    expect(await tempera.handle(id).result()).toMatchObject({ status: 'ready' });
    expect(await tempera.training(id)).toMatchObject({ status: 'ready', reason: null });
    const pods = await podsOf(tempera, id);
    expect(pods).toHaveLength(2);
    expect((await tempera.book()).aliveNow).toEqual([]);
  });

  test('is refused once the LoRA is trained', async () => {
    const id = await start();
    await atStep(id, 1);
    const answers = [];
    for (const phase of ['downloading', 'publishing']) {
      await tempera.database.loraModel.update({ where: { id }, data: { phase } });
      answers.push(await tempera.http.post(`/v1/trainings/${id}/pause`));
    }
    await tempera.http.post(`/v1/trainings/${id}/cancel`);
    await tempera.until(id, 'cancelled', 'done');

    for (const answer of answers) expect(answer).toMatchObject({ status: 409, body: { code: 'NEARLY_READY' } });
  });

  test('of a training can be ended by a cancel', async () => {
    const id = await start();
    await atStep(id, 1);
    await tempera.http.post(`/v1/trainings/${id}/pause`);
    await tempera.until(id, 'training', 'paused');
    await tempera.http.post(`/v1/trainings/${id}/cancel`);

    await tempera.until(id, 'cancelled', 'done');
    expect((await tempera.book()).aliveNow).toEqual([]);
  });
});

describe('a running training', () => {
  test('saves and samples when it is asked to, and trains on', async () => {
    const id = await start();
    const early = await tempera.http.post(`/v1/trainings/${id}/save-now`);
    await atStep(id, 5);
    const saved = await tempera.http.post(`/v1/trainings/${id}/save-now`);
    await until(
      async () => (await tempera.database.checkpoint.count({ where: { attempt: { loraModelId: id } } })) >= 2,
    );
    const sampled = await tempera.http.post(`/v1/trainings/${id}/sample-now`);
    await until(async () => (await tempera.database.sample.count({ where: { attempt: { loraModelId: id } } })) > 0);
    await hurry();
    await tempera.handle(id).result();

    expect(early).toMatchObject({ status: 409, body: { code: 'NOT_TRAINING' } });
    expect([saved.status, sampled.status]).toEqual([202, 202]);
    expect(await podsOf(tempera, id)).toHaveLength(1);
    expect(await tempera.training(id)).toMatchObject({ status: 'ready', attempt: 1 });
  });
});
