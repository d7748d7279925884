/** Pods that carry a training's name and are not kept: each is ended and paid for, and none costs the training the pod it uses. */
import { MockActivityEnvironment } from '@temporalio/testing';
import { expect, test } from 'vitest';
import { provisionPod } from '../../activities/provision-pod.ts';
import type { ProvisionPodInput, ProvisionResult } from '../../activities/provision-pod.ts';
import { sweepPods } from '../../activities/sweep-pods.ts';
import { tearDownPod } from '../../activities/tear-down-pod.ts';
import { podName } from '../../core/names.ts';
import type { CreateOutcome } from '../../providers/compute/compute.ts';
import { podsOf } from './installation.ts';
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
async function startTraining(body: object = {}): Promise<ProvisionPodInput> {
  const trainingId = await tempera.start({ datasetId: await tempera.dataset(), ...body });
  const name = podName({ environment: tempera.environment, trainingId, attempt: 1, pod: 1 });
  return { trainingId, attempt: 1, pod: 1, podName: name, avoidDataCenters: [], ...CREATE };
}

/** A pod of that name that the ledger knows nothing of. */
async function rentBehindTheLedger(name: string): Promise<string> {
  const spec = { name, image: 'x', diskGb: 60, httpPorts: [8675], env: {}, minCudaVersion: '13.0' };
  const outcome: CreateOutcome = await tempera.activities.compute.create(spec, OFFER, 5_000);
  if (outcome.status !== 'created') throw new Error(outcome.status);
  return outcome.pod.id;
}

const provision = (input: ProvisionPodInput) =>
  new MockActivityEnvironment().run(provisionPod(tempera.activities), input) as Promise<ProvisionResult>;
const sweep = () =>
  new MockActivityEnvironment().run(sweepPods(tempera.activities), { graceMs: 600_000, settleAfterMs: 0 });

/** Ends the training's pods and settles all bills; then the vendor's book and the ledger must agree. */
async function compareLedgers({ trainingId, attempt }: ProvisionPodInput) {
  const costs = { trainingId, attempt, ...CREATE };
  await new MockActivityEnvironment().run(tearDownPod(tempera.activities), costs);
  for (let look = 1; look <= 2; look += 1) await sweep();
  const rows = await tempera.database.pod.findMany({ where: { attempt: { loraModelId: trainingId } } });
  const pods = await podsOf(tempera, trainingId);
  expect(pods.filter((pod) => pod.deletedAtMs === null)).toEqual([]);
  expect(new Map(rows.map((row) => [row.externalId, [Number(row.costMicroUsd), row.costSettled]]))).toEqual(
    new Map(pods.map((pod) => [pod.id, [pod.costMicroUsd, true]])),
  );
  return rows.length;
}

test('of two pods of one name the older is kept, the other ended and paid for', async () => {
  const input = await startTraining();
  const older = await rentBehindTheLedger(input.podName);
  const newer = await rentBehindTheLedger(input.podName);

  const result = await provision(input);
  const pods = await podsOf(tempera, input.trainingId);

  expect(result).toMatchObject({ status: 'provisioned', podId: older });
  expect(pods.filter((pod) => pod.deletedAtMs !== null).map(({ id }) => id)).toEqual([newer]);
  // The pod in use is still the latest of its training: a sweep must leave it alone.
  expect((await tempera.activities.repositories.sweeps.findOwner(input.podName))?.supersededAt).toBeNull();
  expect(await compareLedgers(input)).toBe(2);
});

test('a pod that bills more than the cap is ended and paid for, and its name used again', async () => {
  const input = await startTraining({ compute: { maxHourlyMicroUsd: 500_000 } });
  const dear = await rentBehindTheLedger(input.podName);

  const result = await provision(input);

  expect(result).toMatchObject({ status: 'provisioned', podId: expect.not.stringMatching(dear) });
  expect(await compareLedgers(input)).toBe(2);
});

test('a pod that is listed twice is one pod', async () => {
  const input = await startTraining();
  const only = await rentBehindTheLedger(input.podName);
  await tempera.world.addFault({ at: 'pods.list', effect: 'duplicated', times: 0 });

  const result = await provision(input);
  const pods = await podsOf(tempera, input.trainingId);
  await tempera.world.clearFaults();

  expect(result).toMatchObject({ status: 'provisioned', podId: only });
  expect(pods.map(({ id, deletedAtMs }) => [id, deletedAtMs])).toEqual([[only, null]]);
  expect(await compareLedgers(input)).toBe(1);
});
