/** What the emulated trainer shows while a save comes about: the row runs ahead of the files, as in the real one. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NO_DELAYS } from '../../emulator/client.ts';
import { startCloud, until } from './world.ts';
import type { TestWorld } from './world.ts';

// ostris/ai-toolkit@27a03a91, jobs/process/BaseSDTrainProcess.py and extensions_built_in/sd_trainer/DiffusionTrainer.py, read on 2026-11-26.
let cloud: Awaited<ReturnType<typeof startCloud>>;
let count = 0;
beforeAll(async () => {
  cloud = await startCloud();
});
afterAll(async () => cloud.close());

const LONG_MS = 3_600_000;

/** A training in which only the test lets time pass, by the kind of delay that it waits for now. */
async function held(overrides: object = {}) {
  count += 1;
  const at = await cloud.world(`windows-${count}`, {
    loraBytes: 60_000,
    delaysMs: { ...NO_DELAYS, step: LONG_MS, save: LONG_MS, sample: LONG_MS },
  });
  const pod = await at.pod('a');
  const job = await at.train(pod, 'job_x', {
    save: { save_every: 2, max_step_saves_to_keep: 4 },
    train: { steps: 4, skip_first_sample: true },
    sample: { sample_every: 100, samples: [{ prompt: 'ohwx' }] },
    ...overrides,
  });
  return { at, pod, job, ...watcher(at, pod, job) };
}

function watcher(at: TestWorld, pod: string, job: string) {
  const row = async (): Promise<string> => {
    const { status, step, info } = await at.job(pod, job);
    return `${status} ${step} ${info}`;
  };
  return {
    row,
    /** Lets one delay pass and waits for the row that comes then. */
    async next(expected: string): Promise<void> {
      await at.advance(LONG_MS);
      await until(async () => (await row()) === expected);
    },
    names: async () => (await at.files(pod, job)).map(({ name }) => name),
  };
}

describe('a training seen from outside', () => {
  it('shows a step for as long as the next one takes before it is saved, and makes the last samples after the final save', async () => {
    const { at, pod, job, row, next, names } = await held();
    await until(async () => (await row()) === 'running 0 Training');
    await next('running 1 Training');
    await next('running 2 Training');
    // The window: a look finds the step and no file of it.
    expect(await names()).toEqual([]);
    expect(await at.log(pod, job)).not.toContain('Saving at step 2');
    await next('running 2 Saving model');
    expect(await at.log(pod, job)).toContain('Saving at step 2');
    await next('running 3 Training');
    expect(await names()).toEqual(['job_x_000000002.safetensors', 'optimizer.pt']);
    await next('running 4 Saving model');
    expect(await names()).not.toContain('job_x.safetensors');
    await next('running 4 Generating images - 0/1');
    expect(await names()).toContain('job_x.safetensors');
    await next('completed 4 Training completed');

    const saves = (await at.log(pod, job)).split(/[\r\n]/).filter((line) => /^(Saving|Saved)/.test(line));
    expect(saves).toEqual([
      'Saving at step 2',
      'Saved checkpoint to /app/ai-toolkit/output/job_x/job_x_000000002.safetensors',
      'Saved optimizer to /app/ai-toolkit/output/job_x/optimizer.pt',
      'Saved checkpoint to /app/ai-toolkit/output/job_x/job_x.safetensors',
      'Saved optimizer to /app/ai-toolkit/output/job_x/optimizer.pt',
    ]);
  });

  it('has no loss of the first step and no speed before the first ten', async () => {
    const { at, pod, job, row, next } = await held({ train: { steps: 12, skip_first_sample: true } });
    await until(async () => (await row()) === 'running 0 Training');
    await next('running 1 Training');
    expect((await at.losses(pod, job)).size).toBe(0);
    expect((await at.job(pod, job)).speed_string).toBe('');
    await next('running 2 Training');
    expect([...(await at.losses(pod, job)).keys()]).toEqual([1]);
  });

  it('says that it is stopping when its queue is stopped, until the step is over', async () => {
    const { at, pod, row, next } = await held();
    await until(async () => (await row()) === 'running 0 Training');
    await at.toolkit(pod, 'GET', '/api/queue/0/stop');
    await until(async () => (await row()) === 'running 0 Stopping job...');
    await next('queued 0 Job queued');
  });
});
