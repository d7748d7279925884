/** Reset, the Web UI's most prominent button, at every moment of a run at which Temporal allows it. */
import { beforeAll, describe, expect, test } from 'vitest';
import { playScenario } from '../replay/scenarios.ts';
import { podsOf, until } from './installation.ts';
import { resetPointsOf, resetRun } from './reset-run.ts';
import { useInstallation } from './use-installation.ts';

const tempera = useInstallation();
let datasetId: string;
beforeAll(async () => {
  datasetId = await tempera.dataset(6, { curation: { subjectKind: 'style' } });
});

const resetPoints = (id: string) => resetPointsOf(tempera, id);
const reset = (id: string, runId: string, eventId: number) => resetRun(tempera, { id, runId, eventId });

/** What a training's record and the vendor's book say of it, less what moves with every look. */
async function recordOf(id: string) {
  const row = await tempera.database.loraModel.findUniqueOrThrow({
    where: { id },
    omit: { updatedAt: true, runId: true },
  });
  const attempts = await tempera.database.trainingAttempt.findMany({
    where: { loraModelId: id },
    orderBy: { number: 'asc' },
  });
  return { row, attempts, events: await tempera.events(id), pods: (await podsOf(tempera, id)).map((pod) => pod.id) };
}

/** Id of the training that was accepted last. */
async function latestTraining(): Promise<string> {
  return (await tempera.database.loraModel.findFirstOrThrow({ orderBy: { createdAt: 'desc' } })).id;
}

function podsOverlap(pods: readonly { createdAtMs: number; deletedAtMs: number | null }[]): boolean {
  const lives = pods.toSorted((a, b) => a.createdAtMs - b.createdAtMs);
  return lives.some((life, index) => index > 0 && life.createdAtMs < (lives[index - 1]!.deletedAtMs ?? Infinity));
}

// Dozens of resets, one after the other.
describe('a training that is ready', { timeout: 600_000 }, () => {
  test.each(['success', 'retried', 'halted'] as const)('stays so, with the same result (%s)', async (scenario) => {
    await playScenario(tempera, datasetId, scenario);
    const id = await latestTraining();
    const result = await tempera.handle(id).result();
    const before = await recordOf(id);
    const { runId, eventIds } = await resetPoints(id);
    const results = [];
    for (const eventId of eventIds) results.push(await (await reset(id, runId, eventId)).result());

    expect(eventIds.length).toBeGreaterThan(10);
    expect(results).toEqual(eventIds.map(() => result));
    expect(await recordOf(id)).toEqual(before);
  });
});

test('a training that was cancelled stays so', async () => {
  await playScenario(tempera, datasetId, 'cancelled');
  const id = await latestTraining();
  const before = await recordOf(id);
  const { runId, eventIds } = await resetPoints(id);
  const ends = [];
  for (const eventId of eventIds) {
    const run = await reset(id, runId, eventId);
    await run.result().catch(() => undefined);
    ends.push((await run.describe()).status.name);
  }

  expect(eventIds.length).toBeGreaterThan(5);
  expect(ends.filter((end) => end !== 'FAILED' && end !== 'CANCELLED')).toEqual([]);
  expect(await recordOf(id)).toEqual(before);
});

test('a training that has failed goes on with the next attempt', async () => {
  // One attempt each, so that every moment of such a run can have a training of its own.
  const intervals = { maxAttempts: 1, retryWindowMs: 50 };
  const failed = async () => {
    await tempera.world.addFault({ at: 'trainer', effect: 'exit', step: 5, times: 1 });
    const id = await tempera.start({ datasetId, intervals });
    await expect(tempera.handle(id).result()).rejects.toThrow();
    return id;
  };
  const first = await failed();
  // The last moment of such a run is its end, which has nothing to do but to end again; runs differ by a task or two.
  const moments = (await resetPoints(first)).eventIds.length - 1;
  const trainings = [first];
  while (trainings.length < moments) trainings.push(await failed());
  await Promise.all(
    trainings.map(async (id, moment) => {
      const { runId, eventIds } = await resetPoints(id);
      await (await reset(id, runId, eventIds[Math.min(moment, eventIds.length - 2)]!)).result();
    }),
  );

  const rows = await Promise.all(trainings.map((id) => tempera.training(id)));
  expect(rows.filter((row) => row.status !== 'ready' || row.attempt !== 2)).toEqual([]);
  expect((await tempera.book()).aliveNow).toEqual([]);
  for (const id of trainings) {
    const pods = await podsOf(tempera, id);
    expect(pods).toHaveLength(2);
    expect(podsOverlap(pods)).toBe(false);
    expect((await tempera.events(id)).filter((topic) => topic === 'training.ready')).toHaveLength(1);
  }
});

test('a failed training whose character is being trained again says so, and leaves that one alone', async () => {
  await tempera.world.addFault({ at: 'trainer', effect: 'exit', step: 5, times: 1 });
  const id = await tempera.start({ datasetId, characterId: 'mia', intervals: { maxAttempts: 1 } });
  await tempera.until(id, 'failed', 'awaiting_retry');
  await tempera.world.addFault({ at: 'trainer', effect: 'hang', step: 5 });
  const other = await tempera.start({ datasetId, characterId: 'mia' });
  await tempera.until(other, 'training', 'training');
  // By hand: the API would have refused it.
  await tempera.handle(id).signal('retryTraining');
  await until(async () => (await tempera.training(id)).reason === 'LIMIT_EXCEEDED');
  await tempera.http.post(`/v1/trainings/${other}/cancel`);
  await tempera.until(other, 'cancelled', 'done');
  await tempera.handle(id).signal('retryTraining');

  expect(await tempera.handle(id).result()).toMatchObject({ status: 'ready' });
});

test.each(['first', 'second'])('a training that runs is never doubled (on the %s pod of its attempt)', async (pod) => {
  await tempera.world.configure({ delaysMs: { step: 50 } });
  if (pod === 'second')
    await tempera.world.addFault({
      at: 'pods.create',
      effect: 'error-after-boot',
      match: { podName: 'a1p1$' },
      times: 0,
    });
  const start = async () => {
    const id = await tempera.start({
      datasetId,
      recipe: { steps: 2_000, checkpointInterval: 1_000, sampleInterval: 0 },
    });
    await until(async () => (await tempera.training(id)).progress.step > 0);
    return id;
  };
  const first = await start();
  const moments = (await resetPoints(first)).eventIds.length;
  const trainings = [first, ...(await Promise.all(Array.from({ length: moments - 1 }, start)))];
  const runs = [];
  for (const [moment, id] of trainings.entries()) {
    const { runId, eventIds } = await resetPoints(id);
    runs.push(await reset(id, runId, eventIds[Math.min(moment, eventIds.length - 1)]!));
  }
  await tempera.world.configure({ delaysMs: { step: 0 } });
  const results = await Promise.all(runs.map((run) => run.result()));

  expect(moments).toBeGreaterThan(5);
  expect(results.map((result) => result.status)).toEqual(trainings.map(() => 'ready'));
  expect((await tempera.book()).aliveNow).toEqual([]);
  for (const id of trainings) {
    expect(podsOverlap(await podsOf(tempera, id))).toBe(false);
    const topics = await tempera.events(id);
    expect(topics.filter((topic) => topic === 'training.ready')).toHaveLength(1);
    expect(topics).not.toContain('training.failed');
  }
});
