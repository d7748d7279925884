/** A training that waits says why, since when, and when the next try is. */
import { beforeAll, expect, test } from 'vitest';
import { until } from './installation.ts';
import { useInstallation } from './use-installation.ts';

const tempera = useInstallation();
let datasetId: string;
beforeAll(async () => {
  datasetId = await tempera.dataset(6, { curation: { subjectKind: 'style' } });
});

const TIMES =
  /Waiting since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC; the next try is at \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC\.$/;

async function waits(id: string): Promise<{ phase: string; message: string }> {
  await until(async () => (await tempera.training(id)).message !== null);
  return await tempera.training(id);
}

test('for a vendor that cannot be reached', async () => {
  await tempera.world.addFault({ at: 'pods.list', effect: 'status', status: 503, times: 0 });
  const id = await tempera.start({ datasetId });
  const seen = await waits(id);
  await tempera.world.clearFaults();
  await tempera.handle(id).result();

  expect(seen.phase).toBe('provisioning');
  expect(seen.message).toMatch(/RunPod/);
  expect(seen.message).toMatch(TIMES);
  expect(await tempera.training(id)).toMatchObject({ status: 'ready', message: null });
});

test('for capacity', async () => {
  await tempera.world.addFault({ at: 'pods.create', effect: 'no-capacity', times: 0 });
  const id = await tempera.start({ datasetId, intervals: { capacityWaitMs: [1_500] } });
  const seen = await waits(id);
  await tempera.world.clearFaults();
  await tempera.handle(id).result();

  expect(seen.phase).toBe('provisioning');
  expect(seen.message).toMatch(TIMES);
  expect(await tempera.training(id)).toMatchObject({ status: 'ready', message: null });
});

test('for the end of a pod that the vendor does not confirm, and for nothing once it went on', async () => {
  await tempera.world.addFault({ at: 'pods.delete', effect: 'unauthorized', times: 8 });
  const id = await tempera.start({ datasetId });
  const seen = await waits(id);
  await tempera.handle(id).result();

  expect(seen.message).toMatch(TIMES);
  expect(await tempera.training(id)).toMatchObject({ status: 'ready', message: null });
});
