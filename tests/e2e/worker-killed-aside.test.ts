/** The worker is killed in the steps that a training takes when it does not go straight through, and in what goes on beside it. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { datasetCheckWorkflowId, raiseBudget } from '../../workflows/contract.ts';
import { FAST, podsOf, until } from './installation.ts';
import { CRASH_POINTS, KILLED_INTERVALS, createKilledWorker } from './killed-worker.ts';
import type { KilledWorker, Story } from './killed-worker.ts';
import { resetPointsOf, resetRun } from './reset-run.ts';

const LIMIT_MS = 900_000;
const GPU = 'NVIDIA GeForce RTX 4090';
const RECIPE = { steps: 2_000, checkpointInterval: 20, sampleInterval: 0 };

let killed: KilledWorker;
let datasetId: string;
beforeAll(async () => {
  killed = await createKilledWorker();
  datasetId = await killed.tempera.dataset(6, { curation: { subjectKind: 'style' } });
});
afterAll(() => killed.stop());
beforeEach(async () => {
  await killed.tempera.world.clearFaults();
  await killed.tempera.world.configure({ delaysMs: { step: 50 }, loraBytes: 100_000 });
});

const start = ({ intervals, ...body }: { readonly intervals?: object } & Record<string, unknown> = {}) =>
  killed.tempera.start({ datasetId, recipe: RECIPE, intervals: { ...KILLED_INTERVALS, ...intervals }, ...body });
const atStep = (id: string, step: number) =>
  until(async () => (await killed.tempera.training(id)).progress.step >= step);
const hurry = () => killed.tempera.world.configure({ delaysMs: { step: 0 } });
const attemptsOf = (id: string) =>
  killed.tempera.database.trainingAttempt.findMany({ where: { loraModelId: id }, orderBy: { number: 'asc' } });
const timesOf = async (id: string, topic: string) =>
  (await killed.tempera.events(id)).filter((one) => one === topic).length;

async function expectAllDeaths(story: Story): Promise<void> {
  expect((await killed.diedAt(story)).toSorted()).toEqual(CRASH_POINTS[story].toSorted());
  expect(await killed.unplannedDeaths()).toBe(0);
}

/** One pod for each attempt, none of them alive. */
async function expectPods(id: string, count: number): Promise<void> {
  const pods = await podsOf(killed.tempera, id);
  expect(pods.map((pod: { deletedAtMs: number | null }) => pod.deletedAtMs !== null)).toEqual(
    Array.from({ length: count }, () => true),
  );
}

test(
  'a run that is resumed, paused and resumed, and then refused by its destination',
  async () => {
    const { tempera } = killed;
    await tempera.world.addFault([
      { at: 'trainer', effect: 'exit', step: 45 },
      { at: 'hub', effect: 'forbidden', times: 0 },
    ]);
    await killed.slowVendors();
    await killed.arm('resumed');

    const id = await start({ destinations: [{ kind: 'huggingface', repo: 'tempera-demo/mia' }] });
    await until(async () => (await killed.diedAt('resumed')).includes('restoreCheckpoint:after'));
    await atStep(id, 50);
    await tempera.http.post(`/v1/trainings/${id}/pause`);
    await tempera.until(id, 'training', 'paused');
    const alive = (await tempera.book()).aliveNow;
    await tempera.http.post(`/v1/trainings/${id}/resume`);
    await hurry();
    const result = await tempera.handle(id).result();
    const attempts = await attemptsOf(id);

    await expectAllDeaths('resumed');
    await expectPods(id, 3);
    expect(alive).toEqual([]);
    expect(result).toMatchObject({ status: 'ready', publications: [{ status: 'failed' }] });
    expect(attempts.map(({ status, reason }) => ({ status, reason }))).toEqual([
      { status: 'failed', reason: 'TRAINER_ERROR' },
      { status: 'cancelled', reason: 'PAUSED' },
      { status: 'succeeded', reason: null },
    ]);
    expect(attempts[1]).toMatchObject({ resumedFromStep: 40, resumedWith: 'restored' });
    expect(attempts[2]).toMatchObject({ resumedWith: 'restored', lostSteps: 0 });
    expect(attempts[2]!.resumedFromStep).toBeGreaterThanOrEqual(50);
    expect(await timesOf(id, 'training.paused')).toBe(1);
  },
  LIMIT_MS,
);

test(
  'a run that its ceiling stops, and that goes on when the ceiling is raised',
  async () => {
    const { tempera } = killed;
    await killed.slowVendors();
    await killed.arm('ceiling');
    const { secureMicroUsd } = (await tempera.activities.compute.catalog()).find(({ gpu }) => gpu === GPU)!;
    const margins = { budgetSaveMs: 60_000, budgetTeardownMs: 15_000 };
    // The save is due at once; there is time for it although the worker dies just before.
    const maxCostUsd =
      Math.ceil((secureMicroUsd! * (margins.budgetSaveMs + margins.budgetTeardownMs + 5_000)) / 3_600_000) / 1e6;

    const id = await start({ maxCostUsd, compute: { gpus: [GPU] }, intervals: margins });
    const stopped = await tempera.until(id, 'failed', 'awaiting_retry');
    const alive = (await tempera.book()).aliveNow;
    await hurry();
    const raised = await tempera.handle(id).executeUpdate(raiseBudget, { args: [{ ceilingMicroUsd: 5_000_000 }] });
    const result = await tempera.handle(id).result();

    await expectAllDeaths('ceiling');
    await expectPods(id, 2);
    expect(stopped).toMatchObject({ reason: 'BUDGET_EXCEEDED' });
    expect(alive).toEqual([]);
    expect(raised).toEqual({ ceilingMicroUsd: 5_000_000 });
    expect(result).toMatchObject({ status: 'ready' });
    expect(await timesOf(id, 'training.budget_warning')).toBe(1);
    expect(await timesOf(id, 'training.failed')).toBe(1);
  },
  LIMIT_MS,
);

test(
  'a run that a signal cancels',
  async () => {
    const { tempera } = killed;
    await killed.slowVendors();
    await killed.arm('cancelled');

    const id = await start();
    await atStep(id, 1);
    await tempera.handle(id).signal('cancelTraining', { by: 'a test' });
    await tempera.until(id, 'cancelled', 'done');

    await expectAllDeaths('cancelled');
    await expectPods(id, 1);
    expect(await timesOf(id, 'training.cancelled')).toBe(1);
  },
  LIMIT_MS,
);

test(
  'a run that is reset while it trains',
  async () => {
    const { tempera } = killed;
    await killed.slowVendors();
    await killed.arm('reset');

    const id = await start();
    await atStep(id, 25);
    const { runId, eventIds } = await resetPointsOf(tempera, id);
    const run = await resetRun(tempera, { id, runId, eventId: eventIds.at(1)! });
    await hurry();
    const result = await run.result();
    const attempts = await attemptsOf(id);

    await expectAllDeaths('reset');
    await expectPods(id, 2);
    expect(result).toMatchObject({ status: 'ready' });
    expect(attempts.map(({ status, reason }) => ({ status, reason }))).toEqual([
      { status: 'cancelled', reason: 'RESET' },
      { status: 'succeeded', reason: null },
    ]);
  },
  LIMIT_MS,
);

test(
  'a sweep of the pod of a run that was terminated',
  async () => {
    const { tempera } = killed;
    await killed.slowVendors();
    await killed.arm('swept');
    const id = await start();
    await atStep(id, 1);
    await tempera.handle(id).terminate('an operator');

    const report = await tempera.temporal.workflow.execute('sweepPodsWorkflow', {
      workflowId: `sweep-${id}`,
      taskQueue: tempera.queues.workflow,
      args: [
        {
          graceMs: 0,
          quietAfterMs: 0,
          taskQueue: tempera.queues.io,
          heartbeatTimeoutMs: KILLED_INTERVALS.heartbeatTimeoutMs,
        },
      ],
    });

    await expectAllDeaths('swept');
    await expectPods(id, 1);
    // The sweep that died had ended the pod: the one that reports has nothing left to do.
    expect(report).toMatchObject({ alive: 0, orphaned: 0 });
    expect(await tempera.training(id)).toMatchObject({ status: 'cancelled', phase: 'done' });
  },
  LIMIT_MS,
);

test(
  'the check of a dataset',
  async () => {
    const { tempera } = killed;
    await killed.arm('checked');
    const unchecked = await tempera.dataset(12, { curation: { subjectKind: 'style' } });

    await tempera.http.post(`/v1/datasets/${unchecked}/check`, { intervals: { ...FAST, ...KILLED_INTERVALS } });
    const result = await tempera.temporal.workflow.getHandle(datasetCheckWorkflowId(unchecked)).result();

    await expectAllDeaths('checked');
    expect(result).toMatchObject({ kept: 12, dropped: 0 });
  },
  LIMIT_MS,
);
