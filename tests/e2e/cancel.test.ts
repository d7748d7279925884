/** A cancel in every phase ends the training, and no pod is left. */
import { beforeAll, describe, expect, test } from 'vitest';
import { drawPhoto } from '../../dev/photos.ts';
import type { NewFault } from '../../emulator/client.ts';
import { podsOf, until } from './installation.ts';
import { useInstallation } from './use-installation.ts';

const tempera = useInstallation();
let datasetId: string;
beforeAll(async () => {
  datasetId = await tempera.dataset();
});

interface Hold {
  readonly name: string;
  /** Faults that keep the training where it is to be cancelled; each of them must have struck. */
  readonly faults: readonly NewFault[];
  readonly phase: string;
  /** The activity that is under way; null when the workflow itself waits. */
  readonly step: string | null;
  readonly status?: string;
  readonly body?: Record<string, unknown>;
}

const HOLDS: readonly Hold[] = [
  {
    name: 'waiting for capacity',
    phase: 'provisioning',
    step: null,
    faults: [{ at: 'pods.create', effect: 'no-capacity', times: 0 }],
    body: { intervals: { capacityWaitMs: [600_000] } },
  },
  {
    name: 'a create call under way',
    phase: 'provisioning',
    step: 'provisionPod',
    faults: [{ at: 'pods.create', effect: 'created-but-timeout' }],
  },
  {
    name: 'waiting for the pod',
    phase: 'provisioning',
    step: 'awaitPodReady',
    faults: [{ at: 'pods.create', effect: 'app-never' }],
  },
  {
    name: 'uploading',
    phase: 'uploading',
    step: 'uploadDataset',
    faults: [{ at: 'proxy', effect: 'hang', match: { path: 'datasets/upload' }, times: 0 }],
  },
  { name: 'training', phase: 'training', step: 'watchTraining', faults: [{ at: 'trainer', effect: 'hang', step: 5 }] },
  {
    name: 'downloading',
    phase: 'downloading',
    step: 'downloadLora',
    faults: [{ at: 'proxy', effect: 'slow', match: { path: 'api/files' }, bytesPerSecond: 2_000, times: 0 }],
  },
  {
    name: 'publishing',
    phase: 'publishing',
    step: 'publishLora',
    faults: [{ at: 'hub', effect: 'hang', times: 0 }],
    body: { destinations: [{ kind: 'huggingface', repo: 'tempera-demo/mia' }] },
  },
  {
    name: 'waiting for retry',
    phase: 'awaiting_retry',
    step: null,
    status: 'failed',
    faults: [{ at: 'trainer', effect: 'exit', step: 5, times: 3 }],
  },
];

/** Whether this training, and no other one, is where its faults hold it. */
async function isHeld(id: string, { phase, status = 'training', step }: Hold): Promise<boolean> {
  const faults = await tempera.world.faults();
  const seen = await tempera.training(id);
  const { raw } = await tempera.handle(id).describe();
  const steps = (raw.pendingActivities ?? []).map(({ activityType }) => activityType?.name);
  return (
    faults.every(({ hits }) => hits > 0) &&
    seen.phase === phase &&
    seen.status === status &&
    (step === null ? steps.length === 0 : steps.includes(step))
  );
}

/** How the workflow ended, as Temporal sees it. */
async function endOf(id: string): Promise<string> {
  await tempera
    .handle(id)
    .result()
    .catch(() => undefined);
  return (await tempera.handle(id).describe()).status.name;
}

async function expectNoPod(id: string) {
  const own = await podsOf(tempera, id);
  expect(own.filter((pod: { deletedAtMs: number | null }) => pod.deletedAtMs === null)).toEqual([]);
}

describe('cancelling through the API', () => {
  test.each(HOLDS)('while $name', async (hold) => {
    for (const fault of hold.faults) await tempera.world.addFault(fault);
    const id = await tempera.start({ datasetId, ...hold.body });
    await until(() => isHeld(id, hold));

    const answer = await tempera.http.post(`/v1/trainings/${id}/cancel`);
    const ended = await endOf(id);
    const training = await tempera.training(id);

    expect(answer.status).toBe(202);
    expect(ended).toBe('CANCELLED');
    expect(training).toMatchObject({ status: 'cancelled', reason: 'CANCELLED' });
    await expectNoPod(id);
  });

  test('while curating', async () => {
    const photos = await Promise.all(Array.from({ length: 40 }, (_, index) => drawPhoto(100 + index)));
    const id = await tempera.start({ datasetId: await tempera.dataset(photos) });
    await tempera.until(id, 'training', 'curating');

    await tempera.http.post(`/v1/trainings/${id}/cancel`);
    await tempera.until(id, 'cancelled');

    await expectNoPod(id);
  });

  test("the Web UI's Cancel button takes the same path", async () => {
    await tempera.world.addFault({ at: 'trainer', effect: 'hang', step: 5 });
    const id = await tempera.start({ datasetId });
    await tempera.until(id, 'training', 'training');

    await tempera.handle(id).cancel();

    expect(await endOf(id)).toBe('CANCELLED');
    expect(await tempera.training(id)).toMatchObject({ status: 'cancelled' });
    await expectNoPod(id);
  });
});
