/** An operator's Terminate runs no code of the workflow: the sweeper must end what it left, and operators must see that. */
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sweepPods } from '../../activities/sweep-pods.ts';
import type { SweepReport } from '../../activities/sweep-pods.ts';
import type { Child } from '../../dev/child.ts';
import { freePort } from '../../dev/ports.ts';
import { startWorkerProcess } from '../../dev/processes.ts';
import { SWEEP_PODS_WORKFLOW } from '../../workflows/contract.ts';
import type { SweepPodsInput } from '../../workflows/contract.ts';
import { servers } from '../support/provided.ts';
import { createInstallation, podsOf, until } from './installation.ts';
import type { Installation } from './installation.ts';

const GRACE_MS = 1_000;
const HANGS_AT = 5;

let tempera: Installation;
let worker: Child;
let metricsUrl: string;
let operator: Installation['http'];
beforeAll(async () => {
  tempera = await createInstallation({ withWorker: false });
  await tempera.world.addFault({ at: 'trainer', effect: 'hang', step: HANGS_AT, times: 0 });
  operator = await tempera.newClient('operator');
  await tempera.database.user.update({ where: { email: 'operator@example.org' }, data: { operator: true } });
  const metrics = `127.0.0.1:${await freePort()}`;
  metricsUrl = `http://${metrics}/metrics`;
  const env = { ...process.env, ...tempera.processEnv, TEMPORAL_ADDRESS: servers().temporal.address };
  // The schedule's own sweeps would come in between.
  worker = await startWorkerProcess({ env: { ...env, SWEEP_INTERVAL_SECONDS: '86400', METRICS_ADDRESS: metrics } });
});
afterAll(async () => {
  await worker.stop();
  await tempera.close();
});

/** A sweep as the schedule starts it. */
function sweep(limits: Partial<SweepPodsInput>): Promise<SweepReport> {
  const input: SweepPodsInput = {
    graceMs: GRACE_MS,
    intervalMs: 60_000,
    quietAfterMs: 1,
    taskQueue: tempera.queues.io,
    ...limits,
  };
  return tempera.temporal.workflow.execute(SWEEP_PODS_WORKFLOW, {
    workflowId: `sweep-${tempera.environment}`,
    taskQueue: tempera.queues.workflow,
    args: [input],
  });
}

/** Starts a training that does not come to an end and waits until it trains. */
async function startEndless(characterId: string): Promise<string> {
  const id = await tempera.start({ datasetId: await tempera.dataset(), characterId });
  await until(async () => (await tempera.training(id)).progress.step === HANGS_AT);
  return id;
}

const overview = async () => (await operator.get('/v1/operations/pods')).body;
const counter = async (name: string) => {
  const text = await (await fetch(metricsUrl)).text();
  return Number(new RegExp(`^${name}\\{.*\\} (\\S+)$`, 'm').exec(text)?.[1]);
};

test('a terminated training leaves no pod beyond sweep and grace, no open row and no locked character', async () => {
  const id = await startEndless('mia');
  const [pod] = await podsOf(tempera, id);
  const running = await overview();
  const taken = await tempera.http.post('/v1/trainings', {
    name: 'Mia again',
    baseModel: 'flux',
    triggerWord: 'ohwx',
    characterId: 'mia',
    datasetId: (await tempera.training(id)).datasetId,
  });

  await tempera.handle(id).terminate('by an operator');
  const young = await sweep({ graceMs: 600_000 });
  const left = await overview();
  // A pod is swept from the grace on; a row is ended once nothing was written into it for as long.
  await until(async () => {
    const { updatedAt } = await tempera.database.loraModel.findUniqueOrThrow({ where: { id } });
    return Date.now() - Math.max(pod!.createdAtMs, updatedAt.getTime()) > GRACE_MS;
  });
  const swept = await sweep({});
  const after = await overview();

  expect(running.alive).toMatchObject([{ name: pod!.name, trainingId: id, attempt: 1, state: 'ready' }]);
  expect(running.alive[0].costMicroUsd).toBeGreaterThan(0);
  expect(taken.status).toBe(409);
  expect(young).toMatchObject({ alive: 1, owned: 0, orphaned: 1, swept: [], ended: 0 });
  expect(left.lastSweep).toMatchObject({ alive: 1, owned: 0, swept: 0, orphaned: [{ name: pod!.name }] });
  expect(swept).toMatchObject({ alive: 1, owned: 0, orphaned: 0, ended: 1, leakedSeconds: 0 });
  expect((await podsOf(tempera, id)).map((one) => one.deletedAtMs)).toEqual([expect.any(Number)]);
  expect(after).toMatchObject({
    aliveCount: 0,
    alive: [],
    lastSweep: { orphaned: [], swept: 1 },
    swept: [{ name: pod!.name, why: 'its training has ended', leakedSeconds: 0 }],
    leakedSeconds: { last24Hours: 0, last30Days: 0 },
  });
  expect(await counter('tempera_pods_swept_total')).toBe(1);
  expect(await counter('tempera_pod_leaked_seconds_total')).toBe(0);

  const row = await tempera.database.pod.findUniqueOrThrow({ where: { name: pod!.name } });
  expect(row).toMatchObject({ state: 'terminated', note: 'sweeper: its training has ended' });
  expect(row.costMicroUsd).toBeGreaterThan(0n);
  const ended = await tempera.training(id);
  expect(ended).toMatchObject({ status: 'cancelled', phase: 'done', reason: 'CANCELLED' });
  expect(BigInt(ended.cost.microUsd)).toBe(row.costMicroUsd);
  const next = await startEndless('mia');
  await tempera.handle(next).cancel();
  await tempera.until(next, 'cancelled');
});

test('the leak of a pod that cannot be ended is counted to the millisecond, over all sweeps', async () => {
  const id = await startEndless('leo');
  await tempera.handle(id).terminate('by an operator');
  await tempera.world.addFault({ at: 'pods.delete', effect: 'server-error', times: 2 });
  const look = () =>
    new MockActivityEnvironment().run(sweepPods(tempera.activities), {
      graceMs: 0,
      intervalMs: 0,
    }) as Promise<SweepReport>;

  const failures = [await look().catch(String), await look().catch(String)];
  const last = await look();

  expect(failures).toEqual([expect.stringContaining('RunPod'), expect.stringContaining('RunPod')]);
  expect(last.swept).toHaveLength(1);
  const [swept] = (await overview()).swept;
  const row = await tempera.database.sweep.findFirstOrThrow({ orderBy: { sweptAt: 'desc' } });
  const [{ seenAt, orphanedAt }] = row.swept as [{ seenAt: string; orphanedAt: string }];
  const sum = await tempera.database.sweep.aggregate({ _sum: { leakedMs: true } });
  expect(swept.orphanedAt).toBe(orphanedAt);
  expect(Number(sum._sum.leakedMs)).toBe(Date.parse(seenAt) - Date.parse(orphanedAt));
});

test('one sweep ends all rows whose workflow is gone, however many there are', async () => {
  const { id, ...like } = await tempera.database.loraModel.findFirstOrThrow();
  const { userId, datasetId, baseModel, triggerWord } = like;
  const data = Array.from({ length: 250 }, (_, index) => ({
    userId,
    datasetId,
    baseModel,
    triggerWord,
    config: {},
    name: `gone ${index}`,
    status: 'training' as const,
    workflowId: `gone/${id}/${index}`,
  }));
  await tempera.database.loraModel.createMany({ data });
  const gone = { workflowId: { startsWith: `gone/${id}/` } };
  await until(async () => {
    const { _max } = await tempera.database.loraModel.aggregate({ _max: { updatedAt: true } });
    return Date.now() - _max.updatedAt!.getTime() > GRACE_MS;
  });

  const { ended } = await sweep({});

  expect(ended).toBeGreaterThanOrEqual(250);
  expect(await tempera.database.loraModel.count({ where: { ...gone, status: 'cancelled' } })).toBe(250);
});

test('only operators read of pods', async () => {
  const answer = await tempera.http.get('/v1/operations/pods');

  expect([answer.status, answer.body.code]).toEqual([403, 'OPERATORS_ONLY']);
  expect(answer.body.message).toContain('docs/operations.md');
  expect((await tempera.app.inject('/v1/operations/pods')).statusCode).toBe(401);
});
