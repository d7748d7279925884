/**
 * Saves that are too large for the trainer's upload: the next pod fetches them by itself, or the attempt says why it
 * begins at 0.
 */
import { beforeAll, describe, expect, test } from 'vitest';
import type { NewFault } from '../../emulator/client.ts';
import { createInstallation, podsOf } from './installation.ts';
import type { Installation } from './installation.ts';
import { attemptsOf, runsOf, tensorHash } from './resume-record.ts';
import { useInstallation } from './use-installation.ts';

const RECIPE = { steps: 60, checkpointInterval: 20 };
/** Between the size of a weights file of the emulated trainer (100,000) and nothing. */
const MAX_RESTORE_BYTES = 50_000;

/** What restoreCheckpoint answered, from the history. */
async function restored(tempera: Installation, id: string): Promise<Record<string, unknown>> {
  const { events } = await tempera.handle(id).fetchHistory();
  const scheduled = events!.findLast(
    (event) => event.activityTaskScheduledEventAttributes?.activityType?.name === 'restoreCheckpoint',
  );
  const completed = events!.find(
    ({ activityTaskCompletedEventAttributes: done }) =>
      done && String(done.scheduledEventId) === String(scheduled!.eventId),
  );
  const payload = completed!.activityTaskCompletedEventAttributes!.result!.payloads![0]!;
  return JSON.parse(Buffer.from(payload.data!).toString('utf8')) as Record<string, unknown>;
}

/** All texts in a history, with its payloads read. */
function textOf(value: unknown): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8');
  if (typeof value !== 'object' || value === null) return String(value);
  return Object.values(value).map(textOf).join(' ');
}

describe('a save that is too large to be sent', () => {
  // Pauses of a start command are shortened like every other delay.
  const tempera = useInstallation({
    maxRestoreBytes: MAX_RESTORE_BYTES,
    servesObjects: true,
    cloud: { clockFactor: 1_000 },
  });
  let datasetId: string;
  beforeAll(async () => {
    datasetId = await tempera.dataset();
  });

  async function interrupted(body: object = {}): Promise<string> {
    await tempera.world.addFault({ at: 'trainer', effect: 'exit', step: 50 });
    const id = await tempera.start({ datasetId, recipe: RECIPE, ...body });
    await tempera.handle(id).result();
    return id;
  }

  test('is fetched by the next pod, which ends with the same weights', async () => {
    const undisturbed = await tempera.start({ datasetId, recipe: RECIPE });
    await tempera.handle(undisturbed).result();

    const id = await interrupted();

    expect((await runsOf(tempera, id)).at(-1)).toMatchObject({
      resumedFromStep: 40,
      optimizer: 'restored',
      stepsTrained: 20,
    });
    expect((await attemptsOf(tempera, id)).at(-1)).toMatchObject({ resumedFromStep: 40, resumedWith: 'restored' });
    expect(await tensorHash(tempera, id)).toBe(await tensorHash(tempera, undisturbed));
  });

  test('of two files is fetched whole', async () => {
    const id = await interrupted({ baseModel: 'wan-2.2' });

    expect((await runsOf(tempera, id)).at(-1)).toMatchObject({ resumedFromStep: 40, optimizer: 'restored' });
  });

  test('leaves no signed address in the history or the database', async () => {
    const id = await interrupted();

    const history = textOf(await tempera.handle(id).fetchHistory());
    const [pod] = await tempera.database.$queryRaw<{ dump: string }[]>`
      SELECT string_agg(row_to_json(pods)::text, '') || (SELECT string_agg(row_to_json(outbox_events)::text, '') FROM outbox_events) AS dump FROM pods`;

    expect((await runsOf(tempera, id)).at(-1)).toMatchObject({ resumedFromStep: 40 });
    expect(history).toContain('restoreCheckpoint');
    expect(history).not.toContain('signature=');
    expect(pod!.dump).not.toContain('signature=');
  });

  test.each<[string, Pick<NewFault, 'effect' | 'match'>, string]>([
    ['cannot be reached', { effect: 'unreachable' }, 'could not fetch'],
    ['gives damaged bytes', { effect: 'corrupt', match: { path: String.raw`_000000040\.safetensors` } }, 'damaged'],
  ])('begins at zero and says so when the store %s', async (_, fault, why) => {
    await tempera.world.addFault({ at: 'download', times: 0, ...fault });

    const id = await interrupted();

    expect(await restored(tempera, id)).toMatchObject({ status: 'from_zero', why: expect.stringContaining(why) });
    expect((await runsOf(tempera, id)).at(-1)).toMatchObject({ resumedFromStep: null, optimizer: 'fresh' });
    expect((await attemptsOf(tempera, id)).at(-1)).toMatchObject({ resumedFromStep: null, status: 'succeeded' });
  });

  test('is fetched again by the second pod of an attempt', async () => {
    await tempera.world.addFault({
      at: 'pods.create',
      effect: 'error-after-boot',
      match: { podName: '-a2p1$' },
    });

    const id = await interrupted();

    expect((await podsOf(tempera, id)).map(({ name }: { name: string }) => name.slice(-4))).toEqual([
      'a1p1',
      'a2p1',
      'a2p2',
    ]);
    expect((await runsOf(tempera, id)).at(-1)).toMatchObject({ resumedFromStep: 40, optimizer: 'restored' });
  });
});

test('a real Flux LoRA of more than 90 MB is gone on from', async () => {
  const tempera = await createInstallation({ servesObjects: true });
  try {
    await tempera.world.configure({ loraBytes: 95_000_000, optimizerBytes: 1_000_000 });
    await tempera.world.addFault({ at: 'trainer', effect: 'exit', step: 15 });
    const datasetId = await tempera.dataset();

    const id = await tempera.start({ datasetId, recipe: { steps: 20, checkpointInterval: 10 } });
    await tempera.handle(id).result();

    expect((await runsOf(tempera, id)).at(-1)).toMatchObject({ resumedFromStep: 10, optimizer: 'restored' });
    expect((await tempera.training(id)).artifact.files[0].sizeBytes).toBeGreaterThan(90_000_000);
  } finally {
    await tempera.close();
  }
}, 300_000);

test('with a vendor outside and an object store inside nothing is tried, and the reason names the setting', async () => {
  const tempera = await createInstallation({ maxRestoreBytes: MAX_RESTORE_BYTES, servesObjects: true });
  try {
    const { compute } = tempera.activities;
    // As RunPod's own address; the steps after it go on reaching the emulated pod.
    const outside = {
      ...compute,
      portUrl: (podId: string, port: number) =>
        podId === 'pod' ? 'https://pod-8675.proxy.runpod.net' : compute.portUrl(podId, port),
    };
    Object.assign(tempera.activities, { compute: outside });
    await tempera.world.addFault({ at: 'download', effect: 'unreachable' });
    await tempera.world.addFault({ at: 'trainer', effect: 'exit', step: 50 });
    const datasetId = await tempera.dataset();

    const id = await tempera.start({ datasetId, recipe: RECIPE });
    await tempera.handle(id).result();

    expect(await restored(tempera, id)).toMatchObject({
      status: 'from_zero',
      why: expect.stringContaining('API_PUBLIC_URL is an address on this machine'),
      lostSteps: expect.any(Number),
    });
    expect((await runsOf(tempera, id)).at(-1)).toMatchObject({ resumedFromStep: null });
    const { faults } = await tempera.world.state();
    expect(faults).toContainEqual(expect.objectContaining({ at: 'download', hits: 0 }));
  } finally {
    await tempera.close();
  }
});
