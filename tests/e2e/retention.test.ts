/** Old saves go while a training runs and when it ends; what it needs to go on never does. */
import { beforeAll, describe, expect, test } from 'vitest';
import { until } from './installation.ts';
import { attemptsOf } from './resume-record.ts';
import { useInstallation } from './use-installation.ts';

const tempera = useInstallation({ keepCheckpoints: 3 });
let datasetId: string;
beforeAll(async () => {
  datasetId = await tempera.dataset();
});

const RECIPE = { steps: 60, checkpointInterval: 10 };

/** Rows and objects of a training's saves, as `w20` and `o20`; both must say the same. */
async function saves(id: string): Promise<{ rows: string[]; objects: string[] }> {
  const rows = await tempera.database.checkpoint.findMany({ where: { attempt: { loraModelId: id } } });
  const short = (filename: string) =>
    `${filename.startsWith('optimizer_') ? 'o' : 'w'}${Number(/_(\d{9})/.exec(filename)![1])}`;
  const keys = await tempera.store.list(`trainings/${id}/attempts/`);
  return {
    rows: rows.map(({ filename }) => short(filename)).sort(),
    objects: keys
      .filter((key) => key.includes('/checkpoints/'))
      .map((key) => short(key.slice(key.lastIndexOf('/') + 1)))
      .sort(),
  };
}

describe('saves at home', () => {
  test('are the newest while the training runs, and those that it goes on from', async () => {
    // Steps slow enough that each save is brought home before the next one is made.
    await tempera.world.configure({ delaysMs: { step: 200 } });
    await tempera.world.addFault({ at: 'trainer', effect: 'hang', step: 55 });
    const id = await tempera.start({ datasetId, recipe: RECIPE });
    const expected = ['o40', 'o50', 'w30', 'w40', 'w50'];
    await until(async () => JSON.stringify((await saves(id)).objects) === JSON.stringify(expected));
    const { rows } = await saves(id);
    await tempera.world.configure({ delaysMs: { step: 0 } });
    await tempera.http.post(`/v1/trainings/${id}/cancel`);
    await tempera.until(id, 'cancelled');
    await tempera
      .handle(id)
      .result()
      .catch(() => undefined);

    expect(rows).toEqual(expected);
    expect(await saves(id)).toEqual({ rows: ['w30', 'w40', 'w50'], objects: ['w30', 'w40', 'w50'] });
  });

  test('are the newest weights once the LoRA is at home, and a save without a row is found', async () => {
    await tempera.world.addFault({ at: 'trainer', effect: 'exit', step: 45 });
    const id = await tempera.start({ datasetId, recipe: RECIPE });
    // As if a worker had died between the row and the object.
    const orphan = `trainings/${id}/attempts/a1/checkpoints/orphan_000000005.safetensors`;
    await tempera.store.put(orphan, Buffer.from('lost'));
    await tempera.handle(id).result();

    const { rows, objects } = await saves(id);

    expect((await tempera.training(id)).status).toBe('ready');
    expect(rows.length).toBeGreaterThan(0);
    expect(rows.length).toBeLessThanOrEqual(3);
    expect(rows.every((name) => name.startsWith('w'))).toBe(true);
    expect(objects).toEqual(rows);
    expect(await tempera.store.head(orphan)).toBeNull();
  });

  test('of a failed training wait for its retry, optimizer and all', async () => {
    await tempera.world.addFault({ at: 'trainer', effect: 'exit', step: 45, times: 3 });
    const id = await tempera.start({ datasetId, recipe: RECIPE });
    await tempera.until(id, 'failed', 'awaiting_retry');

    const waiting = await saves(id);
    await tempera.http.post(`/v1/trainings/${id}/retry`);
    await tempera.handle(id).result();

    expect(waiting.rows).toContain('o40');
    expect(waiting.objects).toEqual(waiting.rows);
    expect((await attemptsOf(tempera, id)).at(-1)).toMatchObject({ resumedFromStep: 40, resumedWith: 'restored' });
  });
});
