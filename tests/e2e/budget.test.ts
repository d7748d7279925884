/** A ceiling stops a run gently, never is passed, and can be raised; limits refuse what would exceed them. */
import { beforeAll, describe, expect, test } from 'vitest';
import { drawPhoto } from '../../dev/photos.ts';
import { podsOf, until } from './installation.ts';
import { useInstallation } from './use-installation.ts';

/** The list price of the GPU that all these trainings rent, with 60 GB of disk. Micro-dollars per hour. */
const GPU = 'NVIDIA GeForce RTX 4090';
let hourlyMicroUsd: number;

const tempera = useInstallation({ cloud: { delaysMs: { step: 100 } } });
let datasetId: string;
beforeAll(async () => {
  datasetId = await tempera.dataset(6, { curation: { subjectKind: 'style' } });
  const catalog = await tempera.activities.compute.catalog();
  hourlyMicroUsd = catalog.find(({ gpu }) => gpu === GPU)!.secureMicroUsd! + Math.ceil((60 * 100_000) / 730);
});

/** What so many seconds of rent cost, in dollars. */
const usdOf = (seconds: number) => Math.ceil((hourlyMicroUsd * seconds) / 3_600) / 1_000_000;

/** Time kept below the ceiling: ample for a save of this size on a busy machine, and for the cancel to be noticed. */
const MARGINS = { budgetSaveMs: 10_000, budgetTeardownMs: 6_000, heartbeatTimeoutMs: 3_000 };
const RECIPE = { steps: 2_000, checkpointInterval: 1_000, sampleInterval: 0 };

const start = (maxCostUsd: number, body: object = {}) =>
  tempera.start({ datasetId, maxCostUsd, compute: { gpus: [GPU] }, recipe: RECIPE, intervals: MARGINS, ...body });

const billed = async (id: string) =>
  (await podsOf(tempera, id)).reduce((sum: number, pod: { costMicroUsd: number }) => sum + pod.costMicroUsd, 0);

async function entriesOf(id: string) {
  const rows = await tempera.database.moneyEntry.findMany({ where: { loraModelId: id }, orderBy: { seq: 'asc' } });
  return rows.map(({ kind, amountMicroUsd }) => ({ kind, amount: Number(amountMicroUsd) }));
}

describe('a ceiling', () => {
  test('stops the run with its last save at home, and raised lets it go on from there', async () => {
    const ceilingUsd = usdOf(45);
    const id = await start(ceilingUsd);
    const stopped = await tempera.until(id, 'failed', 'awaiting_retry');
    const billedAtStop = await billed(id);
    const aliveAtStop = (await tempera.book()).aliveNow;
    const entriesAtStop = await entriesOf(id);
    const saves = await tempera.database.checkpoint.findMany({ where: { attempt: { loraModelId: id } } });

    await tempera.world.configure({ delaysMs: { step: 0 } });
    const lower = await tempera.http.post(`/v1/trainings/${id}/budget`, { maxCostUsd: ceilingUsd / 2 });
    const raised = await tempera.http.post(`/v1/trainings/${id}/budget`, { maxCostUsd: 1 });
    const result = await tempera.handle(id).result();
    const attempts = await tempera.database.trainingAttempt.findMany({
      where: { loraModelId: id },
      orderBy: { number: 'asc' },
    });

    expect(stopped).toMatchObject({ reason: 'BUDGET_EXCEEDED', budget: { ceilingMicroUsd: ceilingUsd * 1_000_000 } });
    expect(billedAtStop).toBeLessThanOrEqual(ceilingUsd * 1_000_000);
    expect(aliveAtStop).toEqual([]);
    expect(saves.map(({ filename }) => filename).some((name) => name.startsWith('optimizer_'))).toBe(true);
    expect(entriesAtStop.map(({ kind }) => kind)).toEqual(['reserve', 'settle', 'release']);
    expect(entriesAtStop.reduce((sum, { amount }) => sum + amount, 0)).toBe(stopped.cost.microUsd);
    expect(lower).toMatchObject({ status: 422, body: { code: 'VALIDATION' } });
    expect(raised).toMatchObject({ status: 200, body: { budget: { ceilingMicroUsd: 1_000_000 } } });
    expect(result).toMatchObject({ status: 'ready' });
    expect(attempts[1]).toMatchObject({ resumedFromStep: saves[0]!.step, resumedWith: 'restored', lostSteps: 0 });
    expect(await tempera.events(id)).toEqual(
      expect.arrayContaining(['training.budget_warning', 'training.failed', 'training.resumed', 'training.ready']),
    );
  });

  test('holds while a pod boots, too', async () => {
    await tempera.world.addFault({ at: 'pods.create', effect: 'app-never' });
    const ceilingUsd = usdOf(25);
    const id = await start(ceilingUsd);

    const stopped = await tempera.until(id, 'failed', 'awaiting_retry');

    expect(stopped).toMatchObject({ reason: 'BUDGET_EXCEEDED' });
    expect(await billed(id)).toBeLessThanOrEqual(ceilingUsd * 1_000_000);
    expect((await tempera.book()).aliveNow).toEqual([]);
  });

  test('that does not pay for saving and going lets no further pod be rented', async () => {
    await tempera.world.addFault({ at: 'trainer', effect: 'exit', step: 5, times: 0 });
    const id = await start(usdOf(17.5), { intervals: { ...MARGINS, budgetSaveMs: 1_000, budgetTeardownMs: 16_000 } });

    await tempera.until(id, 'failed', 'awaiting_retry');

    const training = await tempera.training(id);
    expect(training.reason).toBe('BUDGET_EXCEEDED');
    expect(await podsOf(tempera, id)).toHaveLength(1);
  });

  test('raised while it runs is not noticed by the run', async () => {
    const id = await start(usdOf(60));
    await tempera.until(id, 'training', 'training');
    const raised = await tempera.http.post(`/v1/trainings/${id}/budget`, { maxCostUsd: 1 });
    await tempera.world.configure({ delaysMs: { step: 0 } });

    await tempera.handle(id).result();

    expect(raised.status).toBe(200);
    expect(await podsOf(tempera, id)).toHaveLength(1);
    expect((await entriesOf(id)).map(({ kind }) => kind)).toEqual(['reserve', 'reserve', 'settle', 'release']);
  });
});

test('a ceiling can be set later, and lowered: the run saves and stops there', async () => {
  const id = await tempera.start({ datasetId, compute: { gpus: [GPU] }, recipe: RECIPE, intervals: MARGINS });
  const early = await tempera.http.post(`/v1/trainings/${id}/budget`, { maxCostUsd: 1 });
  await until(async () => (await tempera.training(id)).cost.microUsd > 200);
  const spent = await tempera.http.post(`/v1/trainings/${id}/budget`, { maxCostUsd: 0.0001 });
  const ceilingUsd = usdOf(40);
  const lowered = await tempera.http.post(`/v1/trainings/${id}/budget`, { maxCostUsd: ceilingUsd });
  const reserved = (await entriesOf(id)).reduce((sum, { amount }) => sum + amount, 0);
  const stopped = await tempera.until(id, 'failed', 'awaiting_retry');

  expect(early).toMatchObject({ status: 200, body: { budget: { ceilingMicroUsd: 1_000_000 } } });
  expect(spent).toMatchObject({ status: 422, body: { code: 'VALIDATION' } });
  expect(lowered).toMatchObject({ status: 200, body: { budget: { ceilingMicroUsd: ceilingUsd * 1_000_000 } } });
  expect(reserved).toBe(ceilingUsd * 1_000_000);
  expect(stopped).toMatchObject({ reason: 'BUDGET_EXCEEDED' });
  expect(await billed(id)).toBeLessThanOrEqual(ceilingUsd * 1_000_000);
});

describe('limits of a user', () => {
  test('refuse with figures what a month cannot pay, also when it starts twice at once', async () => {
    const rich = await tempera.newClient('one-dollar');
    const user = await tempera.database.user.update({
      where: { email: 'one-dollar@example.org' },
      data: { monthLimitMicroUsd: 1_000_000, trainingLimitMicroUsd: 800_000 },
    });
    const images = await rich.upload({
      filename: 'a.jpg',
      bytes: await drawPhoto(1),
    });
    const body = {
      name: 'Mia',
      baseModel: 'flux',
      triggerWord: 'ohwx',
      imageIds: images.body.images.map((image: { id: string }) => image.id),
    };

    const both = await Promise.all([0, 1].map(() => rich.post('/v1/trainings', { ...body, maxCostUsd: 0.6 })));
    const tooDear = await rich.post('/v1/trainings', { ...body, maxCostUsd: 0.9 });
    const unnamed = await rich.post('/v1/trainings', body);

    expect(both.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, 402]);
    expect(both.find(({ status }) => status === 402)!.body).toMatchObject({
      code: 'LIMIT_EXCEEDED',
      details: [expect.stringContaining('$0.6000 of $1.0000 is spent or reserved')],
      figures: [{ limit: 'user_month', limitMicroUsd: 1_000_000, usedMicroUsd: 600_000, availableMicroUsd: 400_000 }],
    });
    expect(tooDear).toMatchObject({ status: 402, body: { figures: [{ limit: 'training', limitMicroUsd: 800_000 }] } });
    expect(unnamed.status).toBe(402);
    expect(await tempera.database.loraModel.count({ where: { userId: user.id } })).toBe(1);
  });
});
