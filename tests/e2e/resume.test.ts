/**
 * A training that loses its pod, its process or its patience goes on elsewhere from the last save, optimizer and all.
 */
import { beforeAll, describe, expect, test } from 'vitest';
import { podsOf, until } from './installation.ts';
import { attemptsOf, runsOf, tensorHash } from './resume-record.ts';
import { useInstallation } from './use-installation.ts';

const tempera = useInstallation();
let datasetId: string;
beforeAll(async () => {
  datasetId = await tempera.dataset();
});

const RECIPE = { steps: 60, checkpointInterval: 20 };

describe('resume', () => {
  test.each([['exit'], ['sigkill']])(
    'after %s of the trainer the next pod goes on from the last save and ends with the same weights',
    async (effect) => {
      const undisturbed = await tempera.start({ datasetId, recipe: RECIPE });
      await tempera.handle(undisturbed).result();
      await tempera.world.addFault({ at: 'trainer', effect, step: 50 });

      const id = await tempera.start({ datasetId, recipe: RECIPE });
      await tempera.handle(id).result();

      const [first, second] = await attemptsOf(tempera, id);
      expect((await runsOf(tempera, id)).at(-1)).toMatchObject({
        resumedFromStep: 40,
        optimizer: 'restored',
        stepsTrained: 20,
      });
      expect(second).toMatchObject({ resumedFromStep: 40, resumedWith: 'restored' });
      expect(second!.lostSteps).toBe(Math.max(0, first!.lastStep - 40));
      expect(await tempera.events(id)).toContain('training.resumed');
      expect(await tensorHash(tempera, id)).toBe(await tensorHash(tempera, undisturbed));
    },
  );

  test('after the loss of the pod the next one goes on, and the record says what was lost', async () => {
    await tempera.world.addFault({ at: 'trainer', effect: 'hang', step: 45 });
    const id = await tempera.start({ datasetId, recipe: RECIPE });
    await until(async () => {
      const files = await tempera.database.checkpoint.findMany({ where: { attempt: { loraModelId: id } } });
      return files.some(({ step, filename }) => step === 40 && filename.startsWith('optimizer_'));
    });
    await until(async () => (await tempera.training(id)).progress.step >= 44);
    const [pod] = await podsOf(tempera, id);
    // As if somebody had ended it in the vendor's console.
    const ended = await fetch(`${tempera.world.runpodUrl}/v2/pods/${pod!.id}`, {
      method: 'DELETE',
      headers: { authorization: 'Bearer emulated' },
    });
    expect(ended.status).toBe(204);
    await tempera.handle(id).result();

    const [first, second] = await attemptsOf(tempera, id);
    expect(first).toMatchObject({ reason: 'POD_LOST' });
    expect((await runsOf(tempera, id)).at(-1)).toMatchObject({
      resumedFromStep: 40,
      optimizer: 'restored',
      stepsTrained: 20,
    });
    expect(second).toMatchObject({ resumedWith: 'restored', lostSteps: first!.lastStep - 40 });
    expect(second!.lostSteps).toBeGreaterThanOrEqual(4);
    expect(second!.lostMs).toBe(Math.round(second!.lostSteps! * (first!.secondsPerStep ?? 0) * 1_000));
    const { hourlyMicroUsd } = await tempera.database.pod.findFirstOrThrow({ where: { attemptId: first!.id } });
    expect(Number(second!.lostMicroUsd)).toBe(Math.ceil((hourlyMicroUsd! * second!.lostMs!) / 3_600_000));
  });

  test('a save that a failing trainer had just made is brought home before its pod goes', async () => {
    // Without a pause between steps there is no look in between: only the rescue can fetch it.
    await tempera.world.addFault({ at: 'trainer', effect: 'exit', step: 41 });
    const id = await tempera.start({ datasetId, recipe: RECIPE });
    await tempera.handle(id).result();

    expect((await runsOf(tempera, id)).at(-1)).toMatchObject({ resumedFromStep: 40, optimizer: 'restored' });
  });

  test('a row that runs without a process is known from the idle GPU, long before a stall', async () => {
    await tempera.world.addFault({ at: 'trainer', effect: 'zombie', step: 45 });
    const id = await tempera.start({ datasetId, recipe: RECIPE, intervals: { stallTimeoutMs: 60_000 } });
    await tempera.handle(id).result();

    const [first] = await attemptsOf(tempera, id);
    expect(first).toMatchObject({
      reason: 'TRAINER_ERROR',
      message: expect.stringContaining('process is gone: its job is reported as running at step 45'),
    });
    expect(first!.endedAt!.getTime() - first!.startedAt.getTime()).toBeLessThan(60_000);
    expect((await runsOf(tempera, id)).at(-1)).toMatchObject({ resumedFromStep: 40, optimizer: 'restored' });
  });

  test('goes on on another GPU type after running out of memory', async () => {
    await tempera.world.addFault({ at: 'trainer', effect: 'oom', step: 45 });
    const id = await tempera.start({ datasetId, recipe: RECIPE });
    await tempera.handle(id).result();

    const pods = await podsOf(tempera, id);
    expect(pods[1]!.gpuId).not.toBe(pods[0]!.gpuId);
    expect((await runsOf(tempera, id)).at(-1)).toMatchObject({ resumedFromStep: 40, optimizer: 'restored' });
  });

  test('a trainer that cannot read the optimizer is noticed, and the record says so', async () => {
    await tempera.world.addFault([
      { at: 'trainer', effect: 'no-optimizer' },
      { at: 'trainer', effect: 'exit', step: 45 },
    ]);
    const id = await tempera.start({ datasetId, recipe: RECIPE });
    await tempera.handle(id).result();

    expect((await attemptsOf(tempera, id)).at(-1)).toMatchObject({ resumedFromStep: 40, resumedWith: 'weights_only' });
    expect((await runsOf(tempera, id)).at(-1)).toMatchObject({ resumedFromStep: 40, optimizer: 'missing' });
  });

  test('goes on from both files of Wan 2.2', async () => {
    await tempera.world.addFault({ at: 'trainer', effect: 'exit', step: 45 });
    const id = await tempera.start({ datasetId, baseModel: 'wan-2.2', recipe: RECIPE });
    await tempera.handle(id).result();

    expect((await runsOf(tempera, id)).at(-1)).toMatchObject({ resumedFromStep: 40, optimizer: 'restored' });
  });

  test('begins anew when the rank has changed, since no save fits', async () => {
    await tempera.world.addFault({ at: 'trainer', effect: 'exit', step: 45, times: 3 });
    const id = await tempera.start({ datasetId, recipe: RECIPE });
    await tempera.until(id, 'failed', 'awaiting_retry');
    await tempera.http.post(`/v1/trainings/${id}/retry`, { overrides: { rank: 16 } });
    await tempera.handle(id).result();

    const runs = await runsOf(tempera, id);
    expect(runs.at(-1)).toMatchObject({ resumedFromStep: null, optimizer: 'fresh' });
    expect(runs.at(-2)).toMatchObject({ resumedFromStep: 40 });
    expect((await attemptsOf(tempera, id)).at(-1)).toMatchObject({ resumedFromStep: null });
  });

  test('goes on from a save that fits, although another one had come further', async () => {
    await tempera.world.addFault({ at: 'trainer', effect: 'exit', step: 45, times: 3 });
    const id = await tempera.start({ datasetId, recipe: RECIPE });
    await tempera.until(id, 'failed', 'awaiting_retry');
    await tempera.world.addFault({ at: 'trainer', effect: 'exit', step: 25 });
    await tempera.http.post(`/v1/trainings/${id}/retry`, { overrides: { rank: 16 } });
    await tempera.handle(id).result();

    const runs = await runsOf(tempera, id);
    expect(runs.at(-2)).toMatchObject({ resumedFromStep: null });
    expect(runs.at(-1)).toMatchObject({ resumedFromStep: 20, optimizer: 'restored' });
  });

  test('begins at zero when nothing had been saved', async () => {
    await tempera.world.addFault({ at: 'trainer', effect: 'exit', step: 5 });
    const id = await tempera.start({ datasetId, recipe: RECIPE });
    await tempera.handle(id).result();

    expect((await runsOf(tempera, id)).at(-1)).toMatchObject({ resumedFromStep: null, optimizer: 'fresh' });
  });
});
