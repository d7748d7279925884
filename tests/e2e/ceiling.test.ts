/** Whatever GPUs cost and however often a run is lost and begun again: what is billed stays below the ceiling. */
import { randomInt } from 'node:crypto';
import { expect, test } from 'vitest';
import { podsOf } from './installation.ts';
import { runsOf } from './resume-record.ts';
import { useInstallation } from './use-installation.ts';

const tempera = useInstallation();

const RUNS = 8;
const POLL_MS = 100;
const GPUS = ['NVIDIA GeForce RTX 4090', 'NVIDIA GeForce RTX 5090', 'NVIDIA H100 80GB HBM3', 'NVIDIA H200'];
/** Ample for a cancel to be noticed and a pod to be ended on a busy machine. */
const MARGINS = { budgetSaveMs: 5_000, budgetTeardownMs: 15_000, heartbeatTimeoutMs: 3_000 };

test('eight random runs are lost once, go on elsewhere and end at their ceilings without a pod', async () => {
  const datasetId = await tempera.dataset(6, { curation: { subjectKind: 'style' } });
  const catalog = await tempera.activities.compute.catalog();
  await tempera.world.configure({ delaysMs: { step: 100 } });
  // Each strikes one of the first pods: after the save of step 25, long before the ceiling.
  const faults = Array.from({ length: RUNS }, () => ({
    at: 'trainer' as const,
    effect: ['exit', 'sigkill', 'vanish', 'exited'][randomInt(4)]!,
    step: randomInt(35, 60),
    match: { podName: '-a1p1$' },
  }));
  await tempera.world.addFault(faults);
  const runs = await Promise.all(
    Array.from({ length: RUNS }, async () => {
      const gpu = GPUS[randomInt(GPUS.length)]!;
      const hourlyMicroUsd = catalog.find((entry) => entry.gpu === gpu)!.secureMicroUsd! + 8_220;
      // 50 to 80 seconds of rent.
      const ceilingMicroUsd = Math.ceil((hourlyMicroUsd * randomInt(50_000, 80_000)) / 3_600_000);
      const id = await tempera.start({
        datasetId,
        maxCostUsd: ceilingMicroUsd / 1_000_000,
        compute: { gpus: [gpu] },
        recipe: { steps: 5_000, checkpointInterval: 25, sampleInterval: 0 },
        intervals: { ...MARGINS, maxAttempts: 10, watchPollMs: POLL_MS },
      });
      return { id, gpu, hourlyMicroUsd, ceilingMicroUsd };
    }),
  );

  await Promise.all(runs.map(({ id }) => tempera.until(id, 'failed', 'awaiting_retry')));

  const ends = await Promise.all(
    runs.map(async ({ id, gpu, hourlyMicroUsd, ceilingMicroUsd }) => {
      const pods = await podsOf(tempera, id);
      const billed = pods.reduce((sum: number, pod: { costMicroUsd: number }) => sum + pod.costMicroUsd, 0);
      const most = ceilingMicroUsd + Math.ceil((hourlyMicroUsd * POLL_MS) / 3_600_000);
      const { reason } = await tempera.training(id);
      const trainers = await runsOf(tempera, id);
      const resumedFrom = trainers.map(({ resumedFromStep }) => resumedFromStep);
      return { gpu, reason, pods: pods.length, resumedFrom, billed, most, isWithin: billed <= most };
    }),
  );
  const struck = await tempera.world.faults();
  expect(struck.map(({ hits }) => hits)).toEqual(faults.map(() => 1));
  expect(ends.filter(({ reason, isWithin }) => reason !== 'BUDGET_EXCEEDED' || !isWithin)).toEqual([]);
  // On another pod and from a save: without this, the ceiling would have been tried on runs of one pod.
  expect(ends.filter(({ pods, resumedFrom }) => pods < 2 || !(resumedFrom.at(-1)! >= 25))).toEqual([]);
  expect((await tempera.book()).aliveNow).toEqual([]);
}, 600_000);
