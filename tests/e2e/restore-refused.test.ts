/** A save that cannot be put on the pod costs the steps since the beginning, but neither the attempt nor minutes of rent. */
import { beforeAll, describe, expect, test } from 'vitest';
import { attemptsOf, runsOf } from './resume-record.ts';
import { useInstallation } from './use-installation.ts';

const tempera = useInstallation({ cloud: { hasOutputFolder: true } });
let datasetId: string;
beforeAll(async () => {
  // In one folder, so that the photos go up in one request.
  datasetId = await tempera.dataset(6, { curation: { subjectKind: 'style' } });
});

const RECIPE = { steps: 60, checkpointInterval: 20 };

async function interrupted(body: object = {}): Promise<string> {
  await tempera.world.addFault({ at: 'trainer', effect: 'exit', step: 50 });
  const id = await tempera.start({ datasetId, recipe: RECIPE, ...body });
  await tempera.handle(id).result();
  return id;
}

describe('a save', () => {
  test('is put on a pod whose image has no training folder', async () => {
    await tempera.world.configure({ hasOutputFolder: false });
    const id = await interrupted();

    expect((await runsOf(tempera, id)).at(-1)).toMatchObject({ resumedFromStep: 40, optimizer: 'restored' });
  });

  test('is put on the pod once the proxy shows no page of its own any more', async () => {
    const match = { podName: '-a2p', path: '^/api/settings$' };
    await tempera.world.addFault({ at: 'proxy', effect: 'start-page', match, times: 5 });
    const id = await interrupted();

    expect((await runsOf(tempera, id)).at(-1)).toMatchObject({ resumedFromStep: 40, optimizer: 'restored' });
  });

  // The photos go up first, in one request; `skip` lets the files of the save pass that come before the one that is refused.
  test.each([
    ['at its first file', 'flux', 1],
    ['at the second file of its weights', 'wan-2.2', 3],
  ])(
    'that the trainer refuses %s leaves nothing behind, and what is lost stands in the record',
    async (_, baseModel, skip) => {
      const match = { podName: '-a2p', path: '^/api/datasets/upload$' };
      await tempera.world.addFault({ at: 'proxy', effect: 'server-error', match, skip, times: 0 });
      const id = await interrupted({ baseModel });

      const [first, second, ...more] = await attemptsOf(tempera, id);
      expect(more).toEqual([]);
      expect((await runsOf(tempera, id)).at(-1)).toMatchObject({ resumedFromStep: null, optimizer: 'fresh' });
      expect(first!.lastStep).toBeGreaterThanOrEqual(40);
      expect(second).toMatchObject({ status: 'succeeded', resumedFromStep: null, lostSteps: first!.lastStep });
      const event = await tempera.database.outboxEvent.findFirstOrThrow({
        where: { loraModelId: id, topic: 'training.restarted' },
      });
      expect(event.payload).toMatchObject({
        attempt: 2,
        why: expect.stringContaining('could not be put on the pod'),
        lostSteps: first!.lastStep,
        lostMicroUsd: Number(second!.lostMicroUsd),
      });
    },
  );

  test('that is missing in the object store is not asked for twice', async () => {
    await tempera.world.addFault({ at: 'trainer', effect: 'exit', step: 50, times: 3 });
    const id = await tempera.start({ datasetId, recipe: RECIPE, intervals: { maxAttempts: 1 } });
    await tempera.until(id, 'failed', 'awaiting_retry');
    const saves = await tempera.database.checkpoint.findMany({ where: { attempt: { loraModelId: id } } });
    for (const { storageKey } of saves) await tempera.store.delete(storageKey);
    await tempera.world.clearFaults();
    await tempera.http.post(`/v1/trainings/${id}/retry`);
    await tempera.handle(id).result();

    expect((await attemptsOf(tempera, id)).at(-1)).toMatchObject({ status: 'succeeded', resumedFromStep: null });
    const { payload } = await tempera.database.outboxEvent.findFirstOrThrow({
      where: { loraModelId: id, topic: 'training.restarted' },
    });
    expect(payload).toMatchObject({ why: 'The save cannot be read from the object store' });
  });
});
