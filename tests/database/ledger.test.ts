/** The ledger of pods under concurrency: what keeps two create calls of one name from ever overlapping. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createDatabase } from '../../prisma/client.ts';
import type { Database } from '../../prisma/client.ts';
import { createRepositories } from '../../prisma/repositories/index.ts';
import type { Repositories } from '../../prisma/repositories/index.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';

let testDatabase: TestDatabase;
let database: Database;
let repositories: Repositories;
let trainingId: string;
beforeAll(async () => {
  testDatabase = await createTestDatabase();
  database = createDatabase({ url: testDatabase.url, poolSize: 10 });
  repositories = createRepositories(database);
  const user = await database.user.create({ data: { email: 'ledger@example.org' } });
  const dataset = await database.dataset.create({ data: { userId: user.id, name: 'photos' } });
  const training = await database.loraModel.create({
    data: {
      userId: user.id,
      datasetId: dataset.id,
      name: 'Mia',
      baseModel: 'flux',
      triggerWord: 'ohwx',
      workflowId: 'lora-training/x',
      config: {},
    },
  });
  trainingId = training.id;
});
afterAll(async () => {
  await database.$disconnect();
  await testDatabase.drop();
});

const FAR_PAST = new Date(0);
async function reserved(attempt: number): Promise<string> {
  const name = `tempera-test-${randomUUID()}-a${attempt}p1`;
  await repositories.pods.reservePod({ trainingId, attempt, name });
  return name;
}
const claims = (name: string, staleBefore: Date, count = 20) =>
  Promise.all(Array.from({ length: count }, () => repositories.pods.claimCreate(name, staleBefore)));

describe('the claim to create a pod', () => {
  test('is given to one of many who ask at once', async () => {
    const name = await reserved(1);

    expect((await claims(name, FAR_PAST)).filter(Boolean)).toHaveLength(1);
  });

  test('is given again, once, when the earlier call is out of date', async () => {
    const name = await reserved(2);
    await repositories.pods.claimCreate(name, FAR_PAST);
    await database.pod.update({ where: { name }, data: { createSentAt: new Date(Date.now() - 70_000) } });

    expect((await claims(name, new Date(Date.now() - 65_000))).filter(Boolean)).toHaveLength(1);
  });

  test('is given again after a clear no', async () => {
    const name = await reserved(3);
    await repositories.pods.claimCreate(name, FAR_PAST);
    await repositories.pods.releaseCreate(name);

    expect(await repositories.pods.claimCreate(name, FAR_PAST)).toBe(true);
  });

  test('is never given once the teardown has begun or a pod is known', async () => {
    const ending = await reserved(4);
    await repositories.pods.recordTerminateAsked(ending);
    const rented = await reserved(5);
    await repositories.pods.recordCreated({
      name: rented,
      externalId: 'pod1',
      gpu: 'NVIDIA A40',
      cloud: 'secure',
      dataCenter: null,
      hourlyMicroUsd: 440_000,
      createdAt: new Date(),
    });

    expect(await repositories.pods.claimCreate(ending, new Date())).toBe(false);
    expect(await repositories.pods.claimCreate(rented, new Date())).toBe(false);
  });
});

describe('a save', () => {
  const file = (attempt: number, storageKey: string) => ({
    trainingId,
    attempt,
    step: 20,
    filename: 'x_000000020.safetensors',
    sizeBytes: 1,
    sha256: 'a'.repeat(64),
    storageKey,
  });

  test('is recorded while its attempt is open, and names the copy that it replaces', async () => {
    const { checkpoints } = repositories;

    expect(await checkpoints.recordCheckpoint(file(20, 'one'))).toEqual({ status: 'recorded', replaced: null });
    expect(await checkpoints.recordCheckpoint(file(20, 'two'))).toEqual({ status: 'recorded', replaced: 'one' });
  });

  test('that arrives once its attempt has ended is neither recorded nor takes another’s place', async () => {
    const { attempts, checkpoints } = repositories;
    await checkpoints.recordCheckpoint(file(21, 'kept'));
    const end = { status: 'succeeded', reason: null, message: null, costMicroUsd: 0 } as const;
    await attempts.closeAttempt({ trainingId, number: 21, ...end });

    expect(await checkpoints.recordCheckpoint(file(21, 'late'))).toEqual({ status: 'attempt_ended' });
    expect(await checkpoints.forgetFile(file(21, 'late'))).toBeNull();
    const kept = (await checkpoints.checkpointFiles(trainingId)).filter(({ attempt }) => attempt === 21);
    expect(kept.map(({ storageKey }) => storageKey)).toEqual(['kept']);
  });
});

describe('events', () => {
  test('of a repeated step are written once', async () => {
    for (let times = 0; times < 3; times += 1)
      await repositories.trainings.recordPhase({ trainingId, phase: 'uploading', attempt: 1 });

    expect(await database.outboxEvent.count({ where: { loraModelId: trainingId, topic: 'training.phase' } })).toBe(1);
  });

  test('and the change they tell of are one transaction', async () => {
    expect(await repositories.trainings.recordPhase({ trainingId: randomUUID(), phase: 'uploading', attempt: 1 })).toBe(
      'gone_on',
    );

    expect(await database.outboxEvent.count({ where: { dedupeKey: { not: { startsWith: trainingId } } } })).toBe(0);
  });
});

describe('cost', () => {
  test('that the vendor billed replaces the estimate in pod and training', async () => {
    const name = await reserved(6);
    await repositories.pods.recordTerminated({ name, costMicroUsd: 1_000, costSettled: false, note: 'teardown' });

    await repositories.bills.recordBill(name, 25_001);

    const training = await database.loraModel.findUniqueOrThrow({ where: { id: trainingId } });
    expect([Number(training.costMicroUsd), training.trainingCost]).toEqual([25_001, 3]);
  });

  test('is final when two bills in turn are the same', async () => {
    const name = await reserved(7);
    await repositories.pods.recordTerminated({ name, costMicroUsd: 20, costSettled: false, note: 'teardown' });

    const looks: [boolean, number][] = [];
    for (const bill of [null, 5, 15, null, 15]) {
      const isFinal = await repositories.bills.recordBill(name, bill);
      const { costMicroUsd } = await database.pod.findUniqueOrThrow({ where: { name } });
      looks.push([isFinal, Number(costMicroUsd)]);
    }

    // Until then the estimate stands, or a part of a bill would make room for more trainings than the limits allow.
    expect(looks).toEqual([false, false, false, false, true].map((isFinal) => [isFinal, isFinal ? 15 : 20]));
  });

  test('is asked for in turns: pods that never get a bill do not hide the others', async () => {
    const ended = async (number: number) => {
      const name = await reserved(number);
      const at = new Date(Date.now() - 60_000);
      await repositories.pods.recordTerminated({ name, costMicroUsd: 10, costSettled: false, note: 'teardown' });
      await database.pod.update({ where: { name }, data: { externalId: name, createdAt: at, terminatedAt: at } });
      return name;
    };
    const [first, second] = [await ended(8), await ended(9)];
    const ask = async () => {
      const [pod] = await repositories.bills.unsettledPods(new Date(), 1);
      await repositories.bills.recordBill(pod!.name, null);
      return pod!.name;
    };

    const asked = [await ask(), await ask(), await ask()];

    expect(asked.slice(0, 2).sort()).toEqual([first, second].sort());
    expect(asked[2]).toBe(asked[0]);
    expect(await repositories.bills.unsettledPods(new Date(Date.now() - 30_000), 9)).toEqual([]);
  });
});
