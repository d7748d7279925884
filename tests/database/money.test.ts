/** The ledger of money: what is reserved, settled and released adds up whatever is repeated or comes at once. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { NO_LIMITS } from '../../core/spend-limit.ts';
import { createDatabase } from '../../prisma/client.ts';
import type { Database } from '../../prisma/client.ts';
import { limitsFor } from '../../prisma/repositories/money.ts';
import { createRepositories } from '../../prisma/repositories/index.ts';
import type { Repositories } from '../../prisma/repositories/index.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';

let testDatabase: TestDatabase;
let database: Database;
let repositories: Repositories;
let userId: string;
let datasetId: string;
beforeAll(async () => {
  testDatabase = await createTestDatabase();
  database = createDatabase({ url: testDatabase.url, poolSize: 10 });
  repositories = createRepositories(database);
  userId = (await database.user.create({ data: { email: 'money@example.org' } })).id;
  datasetId = (await database.dataset.create({ data: { userId, name: 'photos' } })).id;
});
afterAll(async () => {
  await database.$disconnect();
  await testDatabase.drop();
});

async function training(data: { ceilingMicroUsd?: number; characterId?: string; createdAt?: Date } = {}) {
  const workflowId = `lora-training/${randomUUID()}`;
  const row = await database.loraModel.create({
    data: { userId, datasetId, workflowId, name: 'Mia', baseModel: 'flux', triggerWord: 'ohwx', config: {}, ...data },
  });
  return row.id;
}

async function pod(trainingId: string, costMicroUsd: number, attempt = 1): Promise<string> {
  const name = `pod-${randomUUID()}`;
  await repositories.pods.reservePod({ trainingId, attempt, name });
  await repositories.pods.recordTerminated({ name, costMicroUsd, costSettled: false, note: 'teardown' });
  return name;
}

/** Ends a training in a way that lets it be retried. */
async function fail(trainingId: string): Promise<void> {
  await repositories.trainings.recordEnded({
    trainingId,
    dedupe: randomUUID(),
    status: 'failed',
    phase: 'awaiting_retry',
    reason: 'POD_LOST',
    message: 'The pod is gone',
  });
}

async function entriesOf(trainingId: string) {
  const rows = await database.moneyEntry.findMany({ where: { loraModelId: trainingId }, orderBy: { seq: 'asc' } });
  return rows.map(({ kind, amountMicroUsd }) => [kind, Number(amountMicroUsd)]);
}

describe('a training', () => {
  test('that has cost nothing yet gives its ceiling back and books what comes later', async () => {
    const id = await training({ ceilingMicroUsd: 1_000 });
    await repositories.money.ensureReserved(id, NO_LIMITS);
    await fail(id);
    await pod(id, 300);
    await fail(id);

    expect(await entriesOf(id)).toEqual([
      ['reserve', 1_000],
      ['release', -1_000],
      ['settle', 300],
    ]);
  });

  test('reserves its ceiling once, books its cost once and gives the rest back', async () => {
    const id = await training({ ceilingMicroUsd: 1_000 });
    for (let times = 0; times < 3; times += 1) await repositories.money.ensureReserved(id, NO_LIMITS);
    await pod(id, 300);
    for (let times = 0; times < 3; times += 1) await fail(id);

    expect(await entriesOf(id)).toEqual([
      ['reserve', 1_000],
      ['settle', 300],
      ['release', -1_000],
    ]);
  });

  test('that is retried reserves what its ceiling leaves', async () => {
    const id = await training({ ceilingMicroUsd: 1_000 });
    await repositories.money.ensureReserved(id, NO_LIMITS);
    await pod(id, 300);
    await fail(id);
    await repositories.money.ensureReserved(id, NO_LIMITS);
    await pod(id, 200, 2);
    await fail(id);

    expect((await entriesOf(id)).slice(3)).toEqual([
      ['reserve', 700],
      ['settle', 200],
      ['release', -700],
    ]);
  });

  test('is corrected by the vendor’s bill, in both directions, once it has ended', async () => {
    const id = await training({ ceilingMicroUsd: 1_000 });
    await repositories.money.ensureReserved(id, NO_LIMITS);
    const first = await pod(id, 300);
    const second = await pod(id, 200);
    const finalBill = async (name: string, bill: number) => {
      for (const look of [1, 2]) expect(await repositories.bills.recordBill(name, bill)).toBe(look === 2);
    };
    await finalBill(first, 290);
    const whileRunning = await entriesOf(id);
    await fail(id);
    await finalBill(second, 215);

    expect(whileRunning).toEqual([['reserve', 1_000]]);
    expect(await entriesOf(id)).toEqual([
      ['reserve', 1_000],
      ['settle', 490],
      ['release', -1_000],
      ['settle', 15],
    ]);
  });

  test('without a ceiling and a quote reserves nothing and still books its cost', async () => {
    const id = await training();
    await repositories.money.ensureReserved(id, NO_LIMITS);
    await pod(id, 42);
    await fail(id);

    expect(await entriesOf(id)).toEqual([['settle', 42]]);
  });
});

test('a publication that is published stays so when a step comes back late', async () => {
  const id = await training();
  const place = { trainingId: id, position: 0 };
  const { publications } = repositories;
  const destination = { kind: 'huggingface', repo: 'tempera-demo/mia' } as const;
  const open = () => publications.openPublication(place, destination);
  await open();
  await publications.recordPublishFailed(place, destination, { reason: 'PUBLISH_FAILED', message: 'once' });
  await open();
  await publications.recordPublished(place, {
    location: 'x',
    path: 'y',
    revision: null,
    url: 'u',
    sha256: '0'.repeat(64),
  });
  await open();
  await publications.recordPublishFailed(place, destination, { reason: 'PUBLISH_FAILED', message: 'late' });

  expect(await database.publication.findFirst({ where: { loraModelId: id } })).toMatchObject({
    status: 'published',
    reason: null,
  });
});

test('a publication that fails makes one event, however often the step is repeated, and another when it fails anew', async () => {
  const id = await training();
  const place = { trainingId: id, position: 1 };
  const { publications } = repositories;
  const destination = { kind: 's3', bucket: 'loras' } as const;
  const fail = (message: string) =>
    publications.recordPublishFailed(place, destination, { reason: 'PUBLISH_FAILED', message });
  const eventsOf = () =>
    database.outboxEvent.findMany({
      where: { loraModelId: id, topic: 'training.publication_failed' },
      orderBy: { seq: 'asc' },
      select: { payload: true },
    });

  // Never opened: the step failed before.
  await Promise.all([fail('once'), fail('once')]);
  const once = await eventsOf();
  await publications.openPublication(place, destination);
  await fail('again');

  const payload = { position: 1, target: 's3', location: 'loras', reason: 'PUBLISH_FAILED' };
  expect(once).toEqual([{ payload: { ...payload, message: 'once' } }]);
  expect(await eventsOf()).toEqual([...once, { payload: { ...payload, message: 'again' } }]);
  expect(await database.publication.findFirst({ where: { loraModelId: id } })).toMatchObject({ status: 'failed' });
});

describe('limits of a month', () => {
  test('are never passed by many at once', async () => {
    const limits = { ...NO_LIMITS, characterMonth: 5_000 };
    const ids = await Promise.all(
      Array.from({ length: 12 }, () => training({ ceilingMicroUsd: 1_000, characterId: 'many' }).catch(() => null)),
    );
    // One character has one active training; the others of the month are over.
    const [first] = ids.filter((id) => id !== null);
    await database.loraModel.updateMany({ where: { characterId: 'many' }, data: { status: 'ready' } });
    const more = [];
    for (let count = 0; count < 11; count += 1) {
      more.push(await training({ ceilingMicroUsd: 1_000, characterId: 'many' }));
      await database.loraModel.updateMany({ where: { characterId: 'many' }, data: { status: 'ready' } });
    }

    const made = await Promise.all([first!, ...more].map((id) => repositories.money.ensureReserved(id, limits)));

    expect(made.filter(({ status }) => status === 'reserved')).toHaveLength(5);
    expect(made.find(({ status }) => status === 'over_limit')).toMatchObject({
      figures: [{ limit: 'character_month', limitMicroUsd: 5_000, usedMicroUsd: 5_000, availableMicroUsd: 0 }],
    });
  });

  test('count a training in the month of its acceptance', async () => {
    const limits = { ...NO_LIMITS, characterMonth: 1_000 };
    const old = await training({
      ceilingMicroUsd: 900,
      characterId: 'months',
      createdAt: new Date('2026-10-31T23:00:00Z'),
    });
    await database.loraModel.update({ where: { id: old }, data: { status: 'ready' } });
    const now = await training({ ceilingMicroUsd: 900, characterId: 'months' });

    expect(await repositories.money.ensureReserved(old, limits)).toEqual({ status: 'reserved' });
    expect(await repositories.money.ensureReserved(now, limits)).toEqual({ status: 'reserved' });
  });
});

describe('a ceiling', () => {
  test('that is raised while its training ends sets nothing aside for good', async () => {
    const statuses = new Set<string>();
    for (let times = 0; times < 40; times += 1) {
      const id = await training({ ceilingMicroUsd: 1_000 });
      await repositories.money.ensureReserved(id, NO_LIMITS);
      const [raised] = await Promise.all([
        repositories.money.setCeiling({ trainingId: id, ceilingMicroUsd: 5_000, limits: NO_LIMITS }),
        repositories.trainings.recordReady({ trainingId: id, modelUrl: null, dedupe: 'a1' }),
      ]);
      statuses.add(raised.status);
      expect((await entriesOf(id)).reduce((sum, [, amount]) => sum + Number(amount), 0)).toBe(0);
    }
    // In both orders, or nothing was raced.
    expect([...statuses].toSorted()).toEqual(['ended', 'reserved']);
  });

  test('of a training that has ended may be repeated but not changed', async () => {
    const id = await training({ ceilingMicroUsd: 1_000 });
    await repositories.trainings.recordReady({ trainingId: id, modelUrl: null, dedupe: 'a1' });
    const set = async (ceilingMicroUsd: number) =>
      (await repositories.money.setCeiling({ trainingId: id, ceilingMicroUsd, limits: NO_LIMITS })).status;

    expect([await set(1_000), await set(6_000)]).toEqual(['reserved', 'ended']);
  });

  test('that is raised reserves the difference, unless a limit stands against it', async () => {
    const id = await training({ ceilingMicroUsd: 1_000, characterId: 'raised' });
    const limits = { ...NO_LIMITS, training: 3_000, characterMonth: 2_500 };
    await repositories.money.ensureReserved(id, limits);
    const raise = (ceilingMicroUsd: number) =>
      repositories.money.setCeiling({ trainingId: id, ceilingMicroUsd, limits });

    const [twice, again, beyondMonth, beyondTraining] = [
      await raise(2_000),
      await raise(2_000),
      await raise(2_600),
      await raise(3_001),
    ];

    expect([twice.status, again.status]).toEqual(['reserved', 'reserved']);
    expect(beyondMonth).toMatchObject({ status: 'over_limit', figures: [{ limit: 'character_month' }] });
    expect(beyondTraining).toMatchObject({ status: 'over_limit', figures: [{ limit: 'training' }] });
    expect(await entriesOf(id)).toEqual([
      ['reserve', 1_000],
      ['reserve', 1_000],
    ]);
    expect((await repositories.trainings.findTraining(id))!.ceilingMicroUsd).toBe(2_000);
  });
});

describe('a pod that is not in use any more', () => {
  const progress = { step: 5, totalSteps: 10, loss: null, secondsPerStep: null, estimatedEndAt: null, costMicroUsd: 1 };
  const artifact = { files: [], step: 10 };

  test('reports neither progress nor a LoRA, and its training enters no phase', async () => {
    const id = await training();
    const old = { trainingId: id, attempt: 1, podName: `pod-${randomUUID()}` };
    const current = { trainingId: id, attempt: 2, podName: `pod-${randomUUID()}` };
    const { trainings, pods, attempts } = repositories;
    await trainings.recordPhase({ trainingId: id, phase: 'provisioning', attempt: 1 });
    await pods.reservePod({ trainingId: id, attempt: 1, name: old.podName });
    const inUse = await trainings.recordProgress({ ...old, ...progress });
    await pods.recordTerminateAsked(old.podName);
    const asked = await trainings.recordProgress({ ...old, ...progress });
    const end = { reason: 'POD_LOST', message: '', costMicroUsd: 0 } as const;
    await attempts.closeAttempt({ trainingId: id, number: 1, status: 'failed', ...end });
    await trainings.recordPhase({ trainingId: id, phase: 'provisioning', attempt: 2 });
    await pods.reservePod({ trainingId: id, attempt: 2, name: current.podName });

    expect([inUse, asked]).toEqual([true, false]);
    expect(await trainings.recordProgress({ ...old, ...progress, step: 9 })).toBe(false);
    expect(await trainings.recordArtifact(old, artifact)).toBe(false);
    expect(await trainings.recordPhase({ trainingId: id, phase: 'publishing', attempt: 1 })).toBe('gone_on');
    expect(await trainings.recordProgress({ ...current, ...progress })).toBe(true);
    expect(await trainings.recordArtifact(current, artifact)).toBe(true);
    await trainings.recordEnded({
      trainingId: id,
      dedupe: 'e1',
      status: 'cancelled',
      phase: 'done',
      reason: 'CANCELLED',
      message: '',
    });
    expect(await trainings.recordPhase({ trainingId: id, phase: 'publishing', attempt: 2 })).toBe('gone_on');
    expect((await trainings.findTraining(id))!.status).toBe('cancelled');
  });
});

test('two starts of one user, each with its key written, wait for each other instead of blocking each other', async () => {
  let written = 0;
  let release = () => {};
  const bothWritten = new Promise<void>((resolve) => (release = resolve));

  const start = (key: string) =>
    database.$transaction(async (tx) => {
      const loraModelId = randomUUID();
      await tx.idempotencyKey.create({ data: { userId, key, requestHash: '0'.repeat(64), loraModelId } });
      if (++written === 2) release();
      await bothWritten;
      return await limitsFor(tx, userId, NO_LIMITS);
    });

  expect(await Promise.all([start('one'), start('two')])).toEqual([NO_LIMITS, NO_LIMITS]);
});
