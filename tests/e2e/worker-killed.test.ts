/** A training goes straight through although the worker is killed in each of its steps; every activity has such a test. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createCpuActivities } from '../../activities/cpu.ts';
import { createIoActivities } from '../../activities/io.ts';
import { podsOf } from './installation.ts';
import { CRASH_POINTS, KILLED_INTERVALS, createKilledWorker } from './killed-worker.ts';
import type { KilledWorker } from './killed-worker.ts';

let killed: KilledWorker;
beforeAll(async () => {
  killed = await createKilledWorker();
});
afterAll(() => killed.stop());

test('there is a point for every activity that a worker registers', () => {
  const { activities } = killed.tempera;
  const registered = Object.keys({ ...createIoActivities(activities), ...createCpuActivities(activities) });
  const covered = Object.values(CRASH_POINTS).flatMap((points) => points.map((point) => point.split(':')[0]));

  expect(new Set(covered)).toEqual(new Set(registered));
});

test('the training completes, with one LoRA and never two pods', async () => {
  const { tempera } = killed;
  await killed.slowVendors();
  await killed.arm('straight');

  const id = await tempera.start({
    // No face model: loading it anew after each kill takes longer than a silent worker is waited for on a busy machine.
    datasetId: await tempera.dataset(6, { curation: { subjectKind: 'style' } }),
    destinations: [{ kind: 'huggingface', repo: 'tempera-demo/mia' }],
    intervals: KILLED_INTERVALS,
  });
  const result = await tempera.handle(id).result();
  const training = await tempera.training(id);
  const book = await tempera.book();
  const pods = await podsOf(tempera, id);

  expect((await killed.diedAt('straight')).toSorted()).toEqual(CRASH_POINTS.straight.toSorted());
  expect(await killed.unplannedDeaths()).toBe(0);
  expect(result).toMatchObject({ status: 'ready', publications: [{ status: 'published' }] });
  expect(training).toMatchObject({ status: 'ready', attempt: 1 });
  expect(training.artifact.files).toHaveLength(1);
  expect(
    (await tempera.store.list(`trainings/${id}/artifacts/`)).filter((key) => key.endsWith('.safetensors')),
  ).toHaveLength(1);
  expect(pods).toHaveLength(1);
  expect(pods[0]).toMatchObject({ trainingsStarted: 1 });
  expect(book.aliveNow).toEqual([]);
  expect(Object.values(book.maxAliveByNamePrefix)).toEqual([1]);
  expect(book.hubCommits.filter((commit: { repo: string }) => commit.repo.endsWith('/mia')).length).toBeLessThanOrEqual(
    2,
  );
  expect((await tempera.events(id)).filter((topic) => topic === 'training.ready')).toHaveLength(1);
}, 1_200_000);
