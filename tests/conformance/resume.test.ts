/** How the emulated trainer resumes: from which save, with which optimizer, and what is lost. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import yauzl from 'yauzl';
import { NO_DELAYS } from '../../emulator/client.ts';
import { startCloud, until } from './world.ts';
import type { Json, NamedBytes, TestWorld } from './world.ts';

let cloud: Awaited<ReturnType<typeof startCloud>>;
let count = 0;

beforeAll(async () => {
  cloud = await startCloud();
});

afterAll(async () => cloud.close());

function world(config: object = {}): Promise<TestWorld> {
  count += 1;
  return cloud.world(`resume-${count}`, { loraBytes: 60_000, optimizerBytes: 20_000, ...config });
}

const wan = { model: { name_or_path: 'ai-toolkit/Wan2.2-T2V-A14B-Diffusers-bf16', arch: 'wan22_14b:t2v' } };
const train = (overrides: object): object => ({ train: { batch_size: 1, lr: 0.0001, ...overrides } });
const WEIGHTS_20 = 'job_x_000000020.safetensors';
/** What is left of an excess of the loss after a step. */
const FADE = 0.96;

/** A run to the end that nothing disturbs: its loss and its files. */
async function uninterrupted(at: TestWorld, overrides: object = {}) {
  const pod = await at.pod('whole');
  const job = await at.train(pod, 'job_x', overrides);
  expect((await at.ended(pod, job)).status).toBe('completed');
  return { losses: await at.losses(pod, job), final: (name: string) => at.download(pod, job, name) };
}

/** A run that dies after step 25, so that its newest save is that of step 20. */
async function dead(at: TestWorld, overrides: object = {}) {
  await at.fault({ at: 'trainer', effect: 'exit', step: 25 });
  const pod = await at.pod('dead');
  const job = await at.train(pod, 'job_x', overrides);
  expect((await at.ended(pod, job)).status).toBe('error');
  const take = async (name: string): Promise<NamedBytes> => ({ name, bytes: await at.download(pod, job, name) });
  return { pod, job, take };
}

/** The same training on another pod that is given some files first. */
async function resumed(at: TestWorld, files: NamedBytes[], overrides: object = {}) {
  const pod = await at.pod('next');
  await at.restore(pod, 'job_x', files);
  const job = await at.train(pod, 'job_x', overrides);
  expect((await at.ended(pod, job)).status).toBe('completed');
  return {
    losses: await at.losses(pod, job),
    log: await at.log(pod, job),
    entry: (await at.book()).trainings.at(-1)!,
    final: (name: string) => at.download(pod, job, name),
  };
}

/** What two files are compared by; the difference of their bytes would be no help to anybody. */
function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function metadata(bytes: Buffer): Record<string, string> {
  return JSON.parse(bytes.toString('utf8', 8, 8 + Number(bytes.readBigUInt64LE()))).__metadata__;
}

describe('a training', () => {
  it('learns the same from the same photos and config, whatever its name, pod and memory', async () => {
    const at = await world();
    const first = await uninterrupted(at);
    const pod = await at.pod('other');
    const job = await at.train(pod, 'job_y', {
      model: { name_or_path: 'black-forest-labs/FLUX.1-dev', arch: 'flux', low_vram: true },
    });
    await at.ended(pod, job);
    expect(await at.losses(pod, job)).toEqual(first.losses);
    const hash = async (bytes: Promise<Buffer>): Promise<string | undefined> =>
      metadata(await bytes)['sshs_model_hash'];
    expect(await hash(at.download(pod, job, 'job_y.safetensors'))).toBe(await hash(first.final('job_x.safetensors')));
  });

  it.each<[string, object, string[], object]>([
    ['other photos', {}, ['one.jpg', 'three.jpg'], {}],
    ['another learning rate', train({ steps: 30, lr: 0.0002 }), ['one.jpg', 'two.jpg'], {}],
    ['another seed of the config', { training_seed: 7 }, ['one.jpg', 'two.jpg'], {}],
    ['another seed of the world', {}, ['one.jpg', 'two.jpg'], { seed: 2 }],
  ])('learns something else with %s', async (_, overrides, photos, config) => {
    const first = await uninterrupted(await world());
    const at = await world(config);
    const pod = await at.pod('other');
    const job = await at.train(pod, 'job_x', overrides, photos);
    await at.ended(pod, job);
    expect(await at.losses(pod, job)).not.toEqual(first.losses);
    expect(sha256(await at.download(pod, job, 'job_x.safetensors'))).not.toBe(
      sha256(await first.final('job_x.safetensors')),
    );
  });
});

describe('a training that goes on from a checkpoint', () => {
  it('with its optimizer ends like one that was never interrupted', async () => {
    const at = await world();
    const whole = await uninterrupted(at);
    const { take } = await dead(at);
    const next = await resumed(at, [await take(WEIGHTS_20), await take('optimizer.pt')]);

    // Nothing is written down of the first step of a run.
    expect([...next.losses]).toEqual([...whole.losses].filter(([step]) => step > 20));
    expect(sha256(await next.final('job_x.safetensors'))).toBe(sha256(await whole.final('job_x.safetensors')));
    expect(sha256(await next.final('optimizer.pt'))).toBe(sha256(await whole.final('optimizer.pt')));
    expect(next.entry).toMatchObject({
      resumedFromStep: 20,
      optimizer: 'restored',
      lastStep: 30,
      lastSavedStep: 30,
      stepsTrained: 10,
    });
    expect(next.log).toContain(
      [
        `#### IMPORTANT RESUMING FROM /app/ai-toolkit/output/job_x/${WEIGHTS_20} ####`,
        `Loading from /app/ai-toolkit/output/job_x/${WEIGHTS_20}`,
        'Found step 20 in metadata, starting from there',
        'Loading optimizer state from /app/ai-toolkit/output/job_x/optimizer.pt',
        'Updating optimizer LR from params\n',
      ].join('\n'),
    );
  });

  it('without its optimizer jumps up, falls again and ends elsewhere, and the log is silent about it', async () => {
    const at = await world();
    const longer = train({ steps: 60 });
    const whole = await uninterrupted(at, longer);
    const { take } = await dead(at, longer);
    const next = await resumed(at, [await take(WEIGHTS_20)], longer);

    const above = (step: number): number => (next.losses.get(step) ?? 0) - (whole.losses.get(step) ?? 0);
    expect(above(21)).toBeCloseTo(0.2 * FADE);
    expect(next.losses.get(21)).toBeGreaterThan(0.15 + Math.max(...[18, 19, 20].map((n) => whole.losses.get(n) ?? 0)));
    expect(above(40)).toBeLessThan(0.1);
    expect(above(59)).toBeGreaterThan(0);
    const [mine, theirs] = [await next.final('job_x.safetensors'), await whole.final('job_x.safetensors')];
    expect(mine.equals(theirs)).toBe(false);
    expect([mine, theirs].map((bytes) => JSON.parse(metadata(bytes)['emulated_weights'] ?? '').steadySteps)).toEqual([
      40, 60,
    ]);
    expect(next.entry).toMatchObject({ resumedFromStep: 20, optimizer: 'missing', stepsTrained: 40 });
    expect(next.log).toContain('Found step 20 in metadata');
    expect(next.log).not.toMatch(/optimizer state|optimizer LR/);
  });

  it('with the optimizer of another save goes on as if all was well, and ends elsewhere', async () => {
    const at = await world();
    const whole = await uninterrupted(at);
    const { take } = await dead(at);
    const next = await resumed(at, [
      await take(WEIGHTS_20),
      { name: 'optimizer.pt', bytes: await whole.final('optimizer.pt') },
    ]);
    expect((next.losses.get(21) ?? 0) - (whole.losses.get(21) ?? 0)).toBeCloseTo(0.1 * FADE);
    expect((await next.final('job_x.safetensors')).equals(await whole.final('job_x.safetensors'))).toBe(false);
    expect(next.entry).toMatchObject({ resumedFromStep: 20, optimizer: 'mismatch' });
    expect(next.log).toContain('Loading optimizer state from');
    expect(next.log).not.toContain('Failed');
  });

  it.each<[string, (bytes: Buffer) => Buffer, RegExp]>([
    ['cut', (bytes) => bytes.subarray(0, 9000), /failed finding central directory/],
    ['empty', () => Buffer.alloc(0), /Ran out of input/],
    ['foreign', () => Buffer.from('<html>'), /invalid load key, '<'/],
  ])('says that an optimizer that is %s does not load, and goes on without', async (_, spoil, text) => {
    const at = await world();
    const whole = await uninterrupted(at);
    const { take } = await dead(at);
    const optimizer = await take('optimizer.pt');
    const next = await resumed(at, [await take(WEIGHTS_20), { ...optimizer, bytes: spoil(optimizer.bytes) }]);
    expect((next.losses.get(21) ?? 0) - (whole.losses.get(21) ?? 0)).toBeCloseTo(0.2 * FADE);
    expect(next.entry).toMatchObject({ resumedFromStep: 20, optimizer: 'unreadable' });
    expect(next.log).toContain('Failed to load optimizer state from /app/ai-toolkit/output/job_x/optimizer.pt\n');
    expect(next.log).toMatch(text);
  });

  it('does not see that bytes of the optimizer were changed on the way', async () => {
    const at = await world();
    const whole = await uninterrupted(at);
    const { take } = await dead(at);
    const optimizer = await take('optimizer.pt');
    optimizer.bytes[10_000] = (optimizer.bytes[10_000] ?? 0) ^ 0xff;
    const next = await resumed(at, [await take(WEIGHTS_20), optimizer]);
    expect(next.entry).toMatchObject({ optimizer: 'mismatch' });
    expect((await next.final('job_x.safetensors')).equals(await whole.final('job_x.safetensors'))).toBe(false);
  });

  it('on the same pod keeps the loss of before and tells how many steps were lost', async () => {
    const at = await world();
    const whole = await uninterrupted(at);
    const { pod, job } = await dead(at);
    await at.startJob(pod, job);
    await at.ended(pod, job);
    expect(await at.losses(pod, job)).toEqual(whole.losses);
    expect(sha256(await at.download(pod, job, 'job_x.safetensors'))).toBe(
      sha256(await whole.final('job_x.safetensors')),
    );
    const [, lost, next] = (await at.book()).trainings;
    expect(lost).toMatchObject({ resumedFromStep: null, optimizer: 'fresh', lastStep: 25, lastSavedStep: 20 });
    expect(lost!.lastStep - next!.resumedFromStep!).toBe(5);
    expect(next).toMatchObject({ optimizer: 'restored', stepsTrained: 10 });
  });

  it('takes up a completed job whose steps were raised', async () => {
    const at = await world();
    const whole = await uninterrupted(at, train({ steps: 40 }));
    const short = await uninterrupted(await world());
    const next = await resumed(
      at,
      [
        { name: 'job_x.safetensors', bytes: await short.final('job_x.safetensors') },
        { name: 'optimizer.pt', bytes: await short.final('optimizer.pt') },
      ],
      train({ steps: 40 }),
    );
    expect(next.entry).toMatchObject({ resumedFromStep: 30, optimizer: 'restored', stepsTrained: 10 });
    expect(sha256(await next.final('job_x.safetensors'))).toBe(sha256(await whole.final('job_x.safetensors')));
  });

  it('of Wan 2.2 needs both files of the save', async () => {
    const at = await world();
    const whole = await uninterrupted(at, wan);
    const { take } = await dead(at, wan);
    const [high, low, optimizer] = [
      await take('job_x_000000020_high_noise.safetensors'),
      await take('job_x_000000020_low_noise.safetensors'),
      await take('optimizer.pt'),
    ];
    const next = await resumed(at, [high, low, optimizer], wan);
    const half = await resumed(at, [low, optimizer], wan);
    const finals = ['job_x_high_noise.safetensors', 'job_x_low_noise.safetensors'];
    for (const name of finals) {
      expect(sha256(await next.final(name))).toBe(sha256(await whole.final(name)));
      expect((await half.final(name)).equals(await whole.final(name))).toBe(false);
    }
    expect((await whole.final(finals[0] ?? '')).equals(await whole.final(finals[1] ?? ''))).toBe(false);
    expect([next.entry.optimizer, half.entry.optimizer]).toEqual(['restored', 'mismatch']);
  });
});

describe('optimizer.pt', () => {
  it('is a zip archive of the asked size that tells its step and its weights', async () => {
    const at = await world({ optimizerBytes: 3_000_000 });
    const { take } = await dead(at);
    const { bytes } = await take('optimizer.pt');
    expect([bytes.length, bytes.toString('latin1', 0, 4)]).toEqual([3_000_000, 'PK\u0003\u0004']);
    const state = JSON.parse(await entryOf(bytes, 'optimizer/emulated.json'));
    expect(state).toMatchObject({ emulated: true, step: 20 });
    expect(JSON.parse(metadata((await take(WEIGHTS_20)).bytes)['emulated_weights'] ?? '').weights).toBe(state.weights);
  });

  it('is that of the save before while the weights are listed whole, and grows', async () => {
    const at = await world();
    await at.fault({ at: 'trainer', effect: 'slow-optimizer', ms: 80_000, step: 20 });
    const pod = await at.pod('a');
    const job = await at.train(pod, 'job_x');
    const sizeOf = async (name: string): Promise<number | undefined> =>
      (await at.files(pod, job)).find((file) => file.name === name)?.size;
    await until(async () => (await sizeOf(WEIGHTS_20)) === 60_000);
    const stepOf = async (): Promise<number> =>
      JSON.parse(await entryOf(await at.download(pod, job, 'optimizer.pt'), 'optimizer/emulated.json')).step;
    expect([await sizeOf('optimizer.pt'), await stepOf()]).toEqual([20_000, 10]);

    const sizes = new Set<number | undefined>();
    await until(async () => {
      await at.advance(10_000);
      sizes.add(await sizeOf('optimizer.pt'));
      return (await at.log(pod, job)).split('Saved optimizer to').length > 2;
    });
    expect([...sizes].filter((size) => size !== undefined && size < 20_000).length).toBeGreaterThan(3);
    expect(await stepOf()).toBe(20);
  });

  it.each(['no-optimizer', 'truncate-optimizer'])('can be spoilt from a step on: %s', async (effect) => {
    const at = await world();
    await at.fault({ at: 'trainer', effect, step: 20 });
    const { take } = await dead(at);
    const next = await resumed(at, [await take(WEIGHTS_20), await take('optimizer.pt')]);
    expect(next.entry.optimizer).toBe({ 'no-optimizer': 'mismatch', 'truncate-optimizer': 'unreadable' }[effect]);
  });
});

describe('save_now, sample_now and stop', () => {
  const STEP_MS = 60_000;

  /** A run that takes a step for every minute that the test lets pass. */
  async function paced() {
    const at = await world({ delaysMs: { ...NO_DELAYS, step: STEP_MS } });
    const pod = await at.pod('paced');
    const job = await at.train(pod, 'job_x', train({ steps: 30, skip_first_sample: true }));
    const forward = (until_: (row: Json) => boolean): Promise<void> =>
      until(async () => {
        const row = await at.job(pod, job);
        if (until_(row)) return true;
        await at.advance(STEP_MS);
        return false;
      });
    return { at, pod, job, forward };
  }

  it('saves weights and optimizer of the current step, and a stopped run goes on from there', async () => {
    const { at, pod, job, forward } = await paced();
    await forward((row) => row.step >= 13);
    const asked = (await at.toolkit(pod, 'GET', `/api/jobs/${job}/save_now`)).body;
    expect(asked).toMatchObject({ save_now: true, status: 'running' });
    await forward((row) => !row.save_now);
    const lastSave = async (): Promise<number> => (await at.book()).trainings[0]!.lastSavedStep;
    // The flag falls before the save begins.
    await until(async () => (await lastSave()) > asked.step);
    const saved = await lastSave();
    const name = `job_x_${String(saved).padStart(9, '0')}.safetensors`;
    expect(JSON.parse(metadata(await at.download(pod, job, name))['training_info'] ?? '')).toMatchObject({
      step: saved,
    });
    const optimizer = await entryOf(await at.download(pod, job, 'optimizer.pt'), 'optimizer/emulated.json');
    expect(JSON.parse(optimizer)).toMatchObject({ step: saved });

    await forward((row) => row.step > saved + 1);
    expect((await at.toolkit(pod, 'GET', `/api/jobs/${job}/stop`)).body.status).toBe('running');
    await until(async () => (await at.job(pod, job)).step === saved);
    expect(await at.job(pod, job)).toMatchObject({ status: 'stopped', info: 'Job stopped', stop: true });
    await until(async () => (await at.book()).trainings[0]!.endedAtMs !== null);

    await at.startJob(pod, job);
    await forward((row) => row.status === 'completed');
    expect((await at.book()).trainings[1]).toMatchObject({ resumedFromStep: saved, optimizer: 'restored' });
    const whole = await uninterrupted(await world());
    expect(sha256(await at.download(pod, job, 'job_x.safetensors'))).toBe(
      sha256(await whole.final('job_x.safetensors')),
    );
  });

  it('renders samples of the current step', async () => {
    const { at, pod, job, forward } = await paced();
    await forward((row) => row.step >= 3);
    expect((await at.toolkit(pod, 'GET', `/api/jobs/${job}/sample_now`)).body.sample_now).toBe(true);
    await forward((row) => !row.sample_now);
    const samples = async () => (await at.toolkit(pod, 'GET', `/api/jobs/${job}/samples`)).body.samples;
    // The flag falls before the samples are made.
    await until(async () => (await samples()).length > 0);
    expect(await samples()).toEqual([expect.stringMatching(/__00000000[4-9]_0\.jpg$/)]);
  });

  it('a stop in the middle of a save leaves a file that every restart fails on, until it is deleted', async () => {
    const at = await world();
    await at.fault({ at: 'trainer', effect: 'slow-save', ms: 80_000, step: 20 });
    const pod = await at.pod('a');
    const job = await at.train(pod, 'job_x');
    const half = async () => (await at.files(pod, job)).find(({ name }) => name === WEIGHTS_20);
    await until(async () => {
      await at.advance(10_000);
      return ((await half())?.size ?? 0) > 30_000;
    });
    await at.toolkit(pod, 'GET', `/api/jobs/${job}/stop`);
    await until(async () => (await at.book()).trainings[0]!.endedAtMs !== null);
    expect(await at.job(pod, job)).toMatchObject({ status: 'stopped', step: 20 });
    expect((await at.book()).trainings[0]).toMatchObject({ lastStep: 20, lastSavedStep: 10 });

    await at.startJob(pod, job);
    expect(await at.ended(pod, job)).toMatchObject({
      status: 'error',
      info: expect.stringContaining('MetadataIncompleteBuffer'),
    });
    const filePath = (await half())?.path;
    await at.toolkit(pod, 'POST', '/api/files/delete', { filePath });
    await at.startJob(pod, job);
    expect((await at.ended(pod, job)).status).toBe('completed');
    expect((await at.book()).trainings.at(-1)).toMatchObject({ resumedFromStep: 10, optimizer: 'restored' });
  });
});

/** The text of an entry, read by a real zip library. */
function entryOf(bytes: Buffer, name: string): Promise<string> {
  return new Promise((resolve, reject) => {
    yauzl.fromBuffer(bytes, { lazyEntries: true }, (error, zip) => {
      if (error) return reject(error);
      zip.on('end', () => reject(new Error(`no ${name} in the archive`)));
      zip.on('entry', (entry: yauzl.Entry) => {
        if (entry.fileName !== name) return zip.readEntry();
        zip.openReadStream(entry, (failure, stream) => {
          if (failure) return reject(failure);
          const chunks: Buffer[] = [];
          stream.on('data', (chunk: Buffer) => chunks.push(chunk));
          stream.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
          stream.on('error', reject);
        });
      });
      zip.readEntry();
    });
  });
}
