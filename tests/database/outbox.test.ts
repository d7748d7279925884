/** The outbox: every topic as it stands on the wire, each event once and with its change or not at all. */
import { randomUUID } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, expectTypeOf, test } from 'vitest';
import { EVENTS } from '../../core/event.ts';
import { NO_LIMITS } from '../../core/spend-limit.ts';
import { createDatabase } from '../../prisma/client.ts';
import type { Database } from '../../prisma/client.ts';
import { createRepositories } from '../../prisma/repositories/index.ts';
import type { Repositories } from '../../prisma/repositories/index.ts';
import { writeEvent } from '../../prisma/repositories/outbox.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';

let testDatabase: TestDatabase;
let database: Database;
let repositories: Repositories;
let userId: string;
let datasetId: string;
beforeAll(async () => {
  testDatabase = await createTestDatabase();
  database = createDatabase({ url: testDatabase.url, poolSize: 4 });
  repositories = createRepositories(database);
  userId = (await database.user.create({ data: { email: 'outbox@example.org' } })).id;
  datasetId = (await database.dataset.create({ data: { userId, name: 'photos' } })).id;
});
afterAll(async () => {
  await database.$disconnect();
  await testDatabase.drop();
});

async function accepted(): Promise<string> {
  const id = randomUUID();
  const made = await repositories.trainings.createTraining({
    id,
    userId,
    workflowId: `lora-training/${id}`,
    request: {
      name: 'Mia',
      baseModel: 'flux',
      triggerWord: 'ohwx',
      characterId: null,
      recipe: {},
      compute: {},
      destinations: [],
    },
    photos: { datasetId },
    totalSteps: 100,
    money: { namedCeilingMicroUsd: null, quote: null, limits: NO_LIMITS },
    idempotency: null,
  });
  expect(made.status).toBe('created');
  return id;
}

const storedOf = async (id: string) => {
  const rows = await database.outboxEvent.findMany({ where: { loraModelId: id }, orderBy: { seq: 'asc' } });
  return rows.map(({ topic, dedupeKey, payload }) => [topic, dedupeKey.replace(`${id}:`, ''), payload]);
};

test('every topic keeps its name, its key and its payload, and a repeated step adds none', async () => {
  const id = await accepted();
  const story = async () => {
    const { trainings, attempts, publications } = repositories;
    const lost = { lostSteps: 10, lostMs: 5_000, lostMicroUsd: 300 };
    const ending = { trainingId: id, reason: 'POD_LOST', message: 'The pod is gone' } as const;
    await trainings.recordStarted(id);
    await trainings.recordPhase({ trainingId: id, phase: 'provisioning', attempt: 1, nth: 'p2' });
    await attempts.openAttempt(id, 1);
    await attempts.recordResume({ trainingId: id, number: 1, fromStep: 40, with: 'restored', ...lost });
    await attempts.recordRestart({ trainingId: id, number: 1, why: 'There was no save in our store', ...lost });
    await trainings.recordPaused({ trainingId: id, attempt: 1, by: 'mia', step: 50 });
    await trainings.recordBudgetWarning({ trainingId: id, ceilingMicroUsd: 1_000, spentMicroUsd: 900 });
    await publications.recordPublishFailed(
      { trainingId: id, position: 0 },
      { kind: 'huggingface', repo: 'mia/lora' },
      { reason: 'PUBLISH_FAILED', message: 'It refused' },
    );
    await trainings.recordEnded({ ...ending, status: 'failed', phase: 'awaiting_retry', dedupe: 'r:e1' });
    await trainings.recordReady({ trainingId: id, modelUrl: null, dedupe: 'a1' });
    await trainings.recordEnded({ ...ending, status: 'cancelled', phase: 'done', dedupe: 'r:e2' });
  };
  await story();
  const once = await storedOf(id);
  await story();
  const cancelled = await accepted();
  await repositories.trainings.recordEnded({
    trainingId: cancelled,
    status: 'cancelled',
    phase: 'done',
    reason: 'CANCELLED',
    message: 'By mia',
    dedupe: 'r:e1',
    retryUntil: new Date(0),
  });

  const lost = { lostSteps: 10, lostMs: 5_000, lostMicroUsd: 300 };
  expect(await storedOf(id)).toEqual(once);
  expect([...once, ...(await storedOf(cancelled)).slice(1)]).toEqual([
    ['training.queued', 'queued', { trainingId: id, status: 'pending', phase: 'queued' }],
    ['training.started', 'started', {}],
    ['training.phase', 'a1:provisioning:p2', { phase: 'provisioning', attempt: 1 }],
    ['training.resumed', 'a1:resumed:restored', { attempt: 1, fromStep: 40, with: 'restored', ...lost }],
    ['training.restarted', 'a1:restarted', { attempt: 1, why: 'There was no save in our store', ...lost }],
    ['training.paused', 'a1:paused', { attempt: 1, by: 'mia', step: 50 }],
    ['training.budget_warning', 'budget_warning:1000', { ceilingMicroUsd: 1_000, spentMicroUsd: 900 }],
    [
      'training.publication_failed',
      'publication_failed:0:1',
      {
        position: 0,
        target: 'huggingface',
        location: 'mia/lora',
        reason: 'PUBLISH_FAILED',
        message: 'It refused',
      },
    ],
    [
      'training.failed',
      'failed:r:e1',
      { reason: 'POD_LOST', message: 'The pod is gone', costMicroUsd: 0, awaitsRetryUntil: null },
    ],
    ['training.ready', 'ready:a1', { costMicroUsd: 0 }],
    [
      'training.cancelled',
      'cancelled:r:e1',
      { reason: 'CANCELLED', message: 'By mia', costMicroUsd: 0, awaitsRetryUntil: new Date(0).toISOString() },
    ],
  ]);
  expect(new Set(Object.keys(EVENTS))).toEqual(
    new Set([...once, ...(await storedOf(cancelled))].map(([topic]) => topic)),
  );
});

test('an event whose change is undone was never written', async () => {
  const id = await accepted();

  await expect(
    database.$transaction(async (transaction) => {
      await writeEvent(
        transaction,
        { trainingId: id, userId },
        { topic: 'training.started', occurrence: 'started', payload: {} },
      );
      throw new Error('undone');
    }),
  ).rejects.toThrow('undone');
  expect((await storedOf(id)).map(([topic]) => topic)).toEqual(['training.queued']);
});

test('a reader gets the events after a number, without what the catalogue does not know', async () => {
  const id = await accepted();
  await repositories.trainings.recordStarted(id);
  await database.outboxEvent.create({
    data: {
      topic: 'training.phase',
      userId,
      loraModelId: id,
      dedupeKey: `${id}:by-hand`,
      payload: { phase: 'training', attempt: 1, podId: 'secret-pod' },
    },
  });
  const [queued] = await repositories.outbox.eventsAfter(id, 0n);

  expect(
    (await repositories.outbox.eventsAfter(id, queued!.seq)).map(({ topic, payload }) => [topic, payload]),
  ).toEqual([
    ['training.started', {}],
    ['training.phase', { phase: 'training', attempt: 1 }],
  ]);
});

test('events are written in one place, and not outside a transaction', () => {
  const folder = join(import.meta.dirname, '..', '..', 'prisma', 'repositories');
  const writers = readdirSync(folder).filter((file) =>
    readFileSync(join(folder, file), 'utf8').includes('outboxEvent'),
  );

  expect(writers).toEqual(['outbox.ts']);
  expectTypeOf<Database>().not.toExtend<Parameters<typeof writeEvent>[0]>();
  expectTypeOf<Repositories['outbox']>().not.toHaveProperty('writeEvent');
});
