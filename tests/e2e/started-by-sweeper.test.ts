/** A training that was accepted and never handed to Temporal: the sweeper starts it, and it looks like any other. */
import { MockActivityEnvironment } from '@temporalio/testing';
import { expect, test } from 'vitest';
import { sweepPods } from '../../activities/sweep-pods.ts';
import type { SweepReport } from '../../activities/sweep-pods.ts';
import { useInstallation } from './use-installation.ts';

const tempera = useInstallation({ withWorker: false });

/** What Temporal shows of a run before its first step, without what tells two runs apart. */
async function shown(id: string) {
  const described = await tempera.handle(id).describe();
  const { events } = await tempera.handle(id).fetchHistory();
  const started = events?.[0]?.workflowExecutionStartedEventAttributes;
  const [input] = (started?.input?.payloads ?? []).map(
    ({ data }) => JSON.parse(Buffer.from(data!).toString()) as object,
  );
  return {
    input: { ...input, trainingId: null },
    taskQueue: described.taskQueue,
    summary: await described.staticSummary(),
    details: await described.staticDetails(),
    searchAttributes: new Map(
      described.typedSearchAttributes
        .getAll()
        .filter(({ key: { name } }) => name.startsWith('Lora'))
        .map(({ key, value }) => [key.name, value]),
    ),
  };
}

test('it has the owner, character, base model, backend, summary and details of one that the API has started', async () => {
  const body = { datasetId: await tempera.dataset(), name: 'Mia *at sea*', baseModel: 'sdxl' };
  const ofApi = await tempera.start({ ...body, characterId: 'mia' });
  const ofApiAlone = await tempera.start(body);
  const {
    id: _,
    workflowId: __,
    ...like
  } = await tempera.database.loraModel.findUniqueOrThrow({
    where: { id: ofApi },
    omit: { config: true, quote: true, artifact: true, updatedAt: true },
  });
  const accepted = (id: string, characterId: string | null) =>
    tempera.database.loraModel.create({
      data: { ...like, id, characterId, workflowId: `lora-training/${id}`, config: {}, createdAt: new Date(0) },
    });
  const ofSweeper = 'a0000000-0000-7000-8000-000000000001';
  const ofSweeperAlone = 'a0000000-0000-7000-8000-000000000002';
  await tempera.database.loraModel.update({ where: { id: ofApi }, data: { characterId: null } });
  await accepted(ofSweeper, 'mia');
  await accepted(ofSweeperAlone, null);

  const { started } = (await new MockActivityEnvironment().run(sweepPods(tempera.activities), {
    graceMs: 600_000,
  })) as SweepReport;

  const withCharacter = await shown(ofSweeper);
  expect(started).toBe(2);
  expect(withCharacter.searchAttributes.get('LoraCharacter')).toBe('mia');
  const { intervals: ___, ...input } = (await shown(ofApi)).input as { intervals?: object };
  expect(withCharacter).toEqual({ ...(await shown(ofApi)), input });
  expect(await shown(ofSweeperAlone)).toEqual({ ...(await shown(ofApiAlone)), input });
});
