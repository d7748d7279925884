/** Pods that have failed or exited: the vendor still has them and may bill them, so they are pods like any other until they are gone. */
import { MockActivityEnvironment } from '@temporalio/testing';
import { describe, expect, test } from 'vitest';
import { provisionPod } from '../../activities/provision-pod.ts';
import type { ProvisionPodInput, ProvisionResult } from '../../activities/provision-pod.ts';
import { sweepPods } from '../../activities/sweep-pods.ts';
import type { SweepReport } from '../../activities/sweep-pods.ts';
import { tearDownPod } from '../../activities/tear-down-pod.ts';
import { podName } from '../../core/names.ts';
import type { Pod } from '../../providers/compute/compute.ts';
import { podsOf, until } from './installation.ts';
import { useInstallation } from './use-installation.ts';

const OFFER = {
  gpu: 'NVIDIA GeForce RTX 4090',
  vramGb: 24,
  cloud: 'secure',
  hourlyMicroUsd: 740_000,
  dataCenters: [],
} as const;
const CREATE = { createTimeoutMs: 2_000, reconcileIntervalMs: 50 };

const tempera = useInstallation({ withWorker: false });

/** A training that no worker takes up, so that its steps can be run one by one. */
async function startTraining(): Promise<ProvisionPodInput> {
  const trainingId = await tempera.start({ datasetId: await tempera.dataset() });
  const name = podName({ environment: tempera.environment, trainingId, attempt: 1, pod: 1 });
  return { trainingId, attempt: 1, pod: 1, podName: name, avoidDataCenters: [], ...CREATE };
}

const provision = (input: ProvisionPodInput) =>
  new MockActivityEnvironment().run(provisionPod(tempera.activities), input) as Promise<ProvisionResult>;
/** Every pod of the attempt, or only the one that is named. */
const tearDown = ({ trainingId, attempt }: ProvisionPodInput, podName?: string) => {
  const input = { trainingId, attempt, ...(podName === undefined ? {} : { podName }), ...CREATE };
  return new MockActivityEnvironment().run(tearDownPod(tempera.activities), input);
};
const sweep = (limits: object = {}) =>
  new MockActivityEnvironment().run(sweepPods(tempera.activities), {
    graceMs: 0,
    settleAfterMs: 0,
    quietAfterMs: 600_000,
    ...limits,
  }) as Promise<SweepReport>;

const statusOf = async (id: string) => {
  const { pods } = await tempera.world.state();
  return pods.find((pod) => pod.id === id)?.status;
};

/** Pods fail by themselves, or are stopped from outside: by a person, or by a vendor whose bill was not paid. */
const STOPS = {
  ERROR: {
    before: () => tempera.world.addFault({ at: 'pods.create', effect: 'error-after-boot' }),
    after: async () => undefined,
  },
  EXITED: {
    before: async () => undefined,
    after: async (podId: string) => {
      const answer = await fetch(`${tempera.world.runpodUrl}/v2/pods/${podId}/action`, {
        method: 'POST',
        headers: { authorization: 'Bearer emulated', 'content-type': 'application/json', 'user-agent': 'a person' },
        body: JSON.stringify({ action: 'stop' }),
      });
      expect(answer.status).toBe(200);
    },
  },
} as const;

/** A pod of that name that the ledger knows nothing of. */
async function rentBehindTheLedger(name: string): Promise<Pod> {
  const spec = { name, image: 'x', diskGb: 60, httpPorts: [8675], env: {}, minCudaVersion: '13.0' };
  const outcome = await tempera.activities.compute.create(spec, OFFER, 5_000);
  if (outcome.status !== 'created') throw new Error(outcome.status);
  return outcome.pod;
}

/** Rents a pod for a training and waits until the vendor reports it so. */
async function rentStopped(status: keyof typeof STOPS) {
  const input = await startTraining();
  await STOPS[status].before();
  const rented = await provision(input);
  if (rented.status !== 'provisioned') throw new Error(rented.status);
  await STOPS[status].after(rented.podId);
  await until(async () => (await statusOf(rented.podId)) === status);
  return { ...input, podId: rented.podId };
}

describe.each(['ERROR', 'EXITED'] as const)('a pod in %s', (status) => {
  test('is ended once its workflow was terminated, and its bill is booked', async () => {
    const { trainingId, podName: name } = await rentStopped(status);
    await tempera.handle(trainingId).terminate('by an operator');

    const young = await sweep({ graceMs: 600_000 });
    const swept = await sweep({ settleAfterMs: 600_000 });
    const estimated = await tempera.database.pod.findUniqueOrThrow({ where: { name } });
    for (let look = 1; look <= 2; look += 1) await sweep();

    expect(young).toMatchObject({ alive: 1, orphaned: 1, swept: [], closed: 0 });
    expect(swept).toMatchObject({ swept: [{ name, why: 'its training has ended' }], closed: 0 });
    expect(Number(estimated.costMicroUsd)).toBeGreaterThan(0);
    const [pod, ...more] = await podsOf(tempera, trainingId);
    expect([pod!.endedBy, more]).toEqual(['deleted', []]);
    const row = await tempera.database.pod.findUniqueOrThrow({ where: { name } });
    expect(row).toMatchObject({ state: 'terminated', note: 'sweeper: its training has ended', costSettled: true });
    expect(Number(row.costMicroUsd)).toBe(pod!.costMicroUsd);
  });

  test('stays its training’s while that runs: the next step decides', async () => {
    const input = await rentStopped(status);

    const left = await sweep();
    await tearDown(input);

    expect(left).toMatchObject({ alive: 1, owned: 1, swept: [], closed: 0 });
    expect((await podsOf(tempera, input.trainingId)).map(({ endedBy }) => endedBy)).toEqual(['deleted']);
  });

  test('that nobody has booked is gone before another one of its name is made', async () => {
    const input = await startTraining();
    await STOPS[status].before();
    const unbooked = await rentBehindTheLedger(input.podName);
    await STOPS[status].after(unbooked.id);
    await until(async () => (await statusOf(unbooked.id)) === status);

    const result = await provision(input);

    const pods = await podsOf(tempera, input.trainingId);
    const second = pods.find(({ id }) => id !== unbooked.id);
    expect(result).toMatchObject({ status: 'provisioned', podId: second!.id });
    expect(pods.find(({ id }) => id === unbooked.id)!.deletedAtMs).toBeLessThanOrEqual(second!.createdAtMs);
    await tearDown(input);
    const rows = await tempera.database.pod.findMany({ where: { attempt: { loraModelId: input.trainingId } } });
    expect(new Set(rows.map(({ externalId }) => externalId))).toEqual(new Set(pods.map(({ id }) => id)));
  });
});

test('the row of a further pod of a name is not closed while the vendor lists that pod', async () => {
  const input = await startTraining();
  await provision(input);
  const further = await rentBehindTheLedger(input.podName);
  const own = await tempera.activities.repositories.pods.recordUnwanted({ ...further, externalId: further.id });
  await tempera.handle(input.trainingId).terminate('by an operator');
  await tempera.world.addFault({ at: 'pods.delete', effect: 'server-error', times: 0 });

  await expect(sweep()).rejects.toThrow('RunPod');
  const kept = await tempera.database.pod.findUniqueOrThrow({ where: { name: own } });
  await tempera.world.clearFaults();
  await sweep();
  const { closed } = await sweep();

  expect(kept.terminatedAt).toBeNull();
  expect((await podsOf(tempera, input.trainingId)).every(({ endedBy }) => endedBy === 'deleted')).toBe(true);
  const row = await tempera.database.pod.findUniqueOrThrow({ where: { name: own } });
  expect([row.state, closed]).toEqual(['terminated', 0]);
});

test('a row is not closed on a list’s word alone', async () => {
  const input = await startTraining();
  await provision(input);
  await tempera.handle(input.trainingId).terminate('by an operator');
  await tempera.world.addFault({ at: 'pods.list', effect: 'delayed', ms: 3_600_000 });

  const blind = await sweep();
  const seen = await sweep();

  expect(blind).toMatchObject({ alive: 0, closed: 0 });
  expect(seen).toMatchObject({ alive: 1, swept: [{ name: input.podName }] });
});

test('a teardown that comes back late leaves the next pod of its attempt alone', async () => {
  const first = await startTraining();
  await provision(first);
  await tearDown(first, first.podName);
  const second = { ...first, pod: 2, podName: first.podName.replace(/p1$/, 'p2') };
  await provision(second);

  await tearDown(first, first.podName);
  const afterTheLateOne = (await podsOf(tempera, first.trainingId)).map(({ endedBy }) => endedBy);
  await tearDown(second);

  expect(afterTheLateOne).toEqual(['deleted', null]);
  expect((await podsOf(tempera, first.trainingId)).map(({ endedBy }) => endedBy)).toEqual(['deleted', 'deleted']);
});
