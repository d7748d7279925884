/** What a training would cost, what it has cost, and pods that are slower than they should be. */
import { beforeAll, describe, expect, test } from 'vitest';
import { podsOf } from './installation.ts';
import { useInstallation } from './use-installation.ts';

const tempera = useInstallation({ withPrices: true });
let datasetId: string;
beforeAll(async () => {
  datasetId = await tempera.dataset(6, { curation: { subjectKind: 'style' } });
});

test('a quote names offers with odds, and own runs make it sharper', async () => {
  await tempera.world.configure({ delaysMs: { step: 50 } });
  const recipe = { steps: 60, checkpointInterval: 30 };
  const body = { baseModel: 'flux', datasetId, recipe, compute: { gpus: ['NVIDIA GeForce RTX 4090'] } };
  const before = await tempera.http.post('/v1/quotes', body);
  for (let run = 0; run < 3; run += 1)
    await tempera.handle(await tempera.start({ datasetId, recipe, compute: body.compute })).result();
  const after = await tempera.http.post('/v1/quotes', body);
  const report = await tempera.http.get('/v1/reports/cost?by=baseModel');
  const costs = await tempera.database.loraModel.findMany({ select: { costMicroUsd: true, quote: true } });

  const [table] = before.body.offers;
  const [own] = after.body.offers;
  expect(before).toMatchObject({ status: 200, body: { steps: 60, photos: 6 } });
  expect(table).toMatchObject({ gpu: 'NVIDIA GeForce RTX 4090', basis: 'table', runs: 0 });
  expect(table.microUsd.p90).toBeGreaterThan(table.microUsd.p50);
  expect(before.body.reserve.microUsd).toBeGreaterThanOrEqual(table.microUsd.p90);
  expect(own).toMatchObject({ basis: 'own_runs', runs: 3 });
  expect(own.minutes.p50).toBeLessThan(table.minutes.p50);
  expect(costs.every(({ quote }) => quote !== null)).toBe(true);
  expect(report.body.rows).toEqual([
    expect.objectContaining({
      key: 'flux',
      trainings: 3,
      ready: 3,
      pods: 3,
      costMicroUsd: costs.reduce((sum, row) => sum + Number(row.costMicroUsd), 0),
    }),
  ]);
  expect(report.body.rows[0].quotedP50MicroUsd).toBeGreaterThan(report.body.totalMicroUsd);
});

test.each([
  ['no such model', { baseModel: 'sd-9' }, 422],
  ['a dataset of nobody', { baseModel: 'flux', datasetId: '019f3b7a-0000-7000-8000-000000000000' }, 404],
  ['no photo', { baseModel: 'flux', photoCount: 0 }, 422],
  ['a price that nothing has', { baseModel: 'flux', compute: { maxHourlyMicroUsd: 1 } }, 409],
])('a quote for %s is refused', async (_, body, status) => {
  expect((await tempera.http.post('/v1/quotes', body)).status).toBe(status);
});

test('a ceiling below what half of such trainings cost is refused before anything starts', async () => {
  const answer = await tempera.http.post('/v1/trainings', {
    name: 'Mia',
    baseModel: 'qwen-image',
    triggerWord: 'ohwx',
    datasetId,
    maxCostUsd: 0.01,
  });

  expect(answer).toMatchObject({ status: 402, body: { code: 'BUDGET_EXCEEDED' } });
  expect(answer.body.message).toMatch(/^Half of all such trainings cost more than \$\d/);
});

describe('a pod', () => {
  const GPU = 'NVIDIA GeForce RTX 5090';
  const body = { compute: { gpus: [GPU] }, recipe: { steps: 400, checkpointInterval: 20, sampleInterval: 0 } };

  test('far below the pace of its kind is replaced once, and the next one goes on from the last save', async () => {
    for (let run = 0; run < 3; run += 1) await seedRun(0.01);
    await tempera.world.configure({ delaysMs: { step: 10 } });
    await tempera.world.addFault({ at: 'pods.create', effect: 'slow-host', factor: 40 });
    const id = await tempera.start({
      datasetId,
      ...body,
      intervals: { slowPodFactor: 10, slowPodWindowMs: 12_000 },
    });
    await tempera.handle(id).result();
    const attempts = await tempera.database.trainingAttempt.findMany({
      where: { loraModelId: id },
      orderBy: { number: 'asc' },
    });

    expect(attempts[0]).toMatchObject({ status: 'failed', reason: 'POD_SLOW' });
    expect(attempts[0]!.message).toMatch(/s per step instead of about 0\.01 s on NVIDIA GeForce RTX 5090$/);
    expect(attempts[1]).toMatchObject({ status: 'succeeded', resumedWith: 'restored' });
    expect(await podsOf(tempera, id)).toHaveLength(2);
  });

  test('that makes no first step in its time is given up, however much its log moves', async () => {
    await tempera.world.configure({ delaysMs: { step: 0, modelLoad: 600_000 } });
    const id = await tempera.start({ datasetId, intervals: { firstStepTimeoutMs: 1_500, maxAttempts: 1 } });

    const failed = await tempera.until(id, 'failed', 'awaiting_retry');
    await tempera.world.configure({ delaysMs: { modelLoad: 0 } });

    expect(failed).toMatchObject({
      reason: 'TRAINING_STALLED',
      message: expect.stringMatching(/^No step was completed in/),
    });
  });

  /** A finished run of this GPU as the record keeps it. */
  async function seedRun(secondsPerStep: number): Promise<void> {
    const user = await tempera.database.user.findFirstOrThrow();
    const ended = new Date();
    const row = await tempera.database.loraModel.create({
      data: {
        userId: user.id,
        datasetId,
        name: 'earlier',
        baseModel: 'flux',
        triggerWord: 'ohwx',
        workflowId: `earlier/${Math.random()}`,
        status: 'ready',
        config: { recipe: {} },
      },
    });
    await tempera.database.trainingAttempt.create({
      data: {
        loraModelId: row.id,
        number: 1,
        status: 'succeeded',
        secondsPerStep,
        lastStep: 400,
        endedAt: ended,
        pods: {
          create: {
            name: row.id,
            externalId: row.id,
            state: 'terminated',
            gpu: GPU,
            createdAt: new Date(ended.getTime() - 60_000),
            terminatedAt: ended,
          },
        },
      },
    });
  }
});
