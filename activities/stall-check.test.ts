/** When a job that says that it is running counts as stalled, or as gone. */
import { MockActivityEnvironment } from '@temporalio/testing';
import { describe, expect, test } from 'vitest';
import { resolveRecipe } from '../core/recipe.ts';
import type { Job, JobObservation } from '../providers/backends/job.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { createStallCheck } from './stall-check.ts';
import { currentStep } from './step.ts';
import type { WatchTrainingInput } from './watch.ts';

const STALL_MS = 900_000;
const STARTUP_MS = 1_800_000;
const FIRST_STEP_MS = 3_600_000;
const MINUTE_MS = 60_000;

interface Look extends Partial<JobObservation> {
  /** Since the watch began. Milliseconds. */
  readonly atMs: number;
  readonly logBytes?: number;
  readonly gpu?: 'busy' | 'idle' | 'unknown';
}

/** Watches a job look by look; the first fault ends it. */
async function watched(looks: readonly Look[]) {
  let now: Look = { atMs: 0 };
  const tails: string[] = [];
  const job = {
    log: async () => ({ text: 'the last lines', offset: now.logBytes ?? 0, isNew: false }),
    gpu: async () => now.gpu ?? 'busy',
  } as unknown as Job;
  const recordLogTail = async (_id: string, _attempt: number, tail: string) => void tails.push(tail);
  const deps = { repositories: { attempts: { recordLogTail } } } as unknown as ActivityDependencies;
  const input = {
    trainingId: 't',
    attempt: 1,
    startedAtMs: 0,
    stallTimeoutMs: STALL_MS,
    startupTimeoutMs: STARTUP_MS,
    firstStepTimeoutMs: FIRST_STEP_MS,
  } as unknown as WatchTrainingInput;
  const recipe = resolveRecipe('flux', 'ohwx', {});
  const watching = new MockActivityEnvironment().run(async () => {
    const stall = createStallCheck({ deps, input, job, recipe, step: currentStep() }, 0);
    for (const { atMs, state = 'running', step = 0, info = 'Training', ...rest } of looks) {
      now = { atMs, ...rest };
      await stall.check({ state, step, info }, atMs);
    }
    return null;
  });
  const fault = await (watching as Promise<null>).catch((error: { code: string; message: string }) => error);
  return { code: fault?.code ?? null, message: fault?.message ?? '', tails };
}

/** One look a minute, from a minute to the last. */
const minutes = (count: number, look: (minute: number) => Partial<Look>): Look[] =>
  Array.from({ length: count }, (_, index) => ({ atMs: (index + 1) * MINUTE_MS, ...look(index + 1) }));

describe('a job that trains', () => {
  test('may take its time as long as its step, its text or its log moves', async () => {
    expect((await watched(minutes(60, (minute) => ({ step: minute })))).code).toBeNull();
    expect((await watched(minutes(60, (minute) => ({ step: 5, info: `Saving ${minute}` })))).code).toBeNull();
    expect((await watched(minutes(60, (minute) => ({ step: 5, logBytes: minute })))).code).toBeNull();
  });

  test('that moves nothing for the stall timeout has stalled, and the end of its log is kept', async () => {
    const { code, message, tails } = await watched(minutes(17, () => ({ step: 5 })));

    expect(code).toBe('TRAINING_STALLED');
    expect(message).toMatch(/^No progress for 900 s at step 5: Training/);
    expect(tails).toEqual(['the last lines']);
    expect((await watched(minutes(15, () => ({ step: 5 })))).code).toBeNull();
  });

  test('whose GPU is empty although it says that it runs is gone, long before', async () => {
    const looks = minutes(4, () => ({ step: 5, gpu: 'idle' }));

    expect(await watched(looks)).toMatchObject({ code: 'TRAINER_ERROR', tails: ['the last lines'] });
    expect((await watched(looks.map((look) => ({ ...look, gpu: 'unknown' as const })))).code).toBeNull();
  });

  test('is not called gone for a GPU that was idle between two looks at work', async () => {
    const idleEveryOther = minutes(10, (minute) => ({ step: 5, gpu: minute % 2 === 0 ? 'idle' : 'busy' }));

    expect((await watched(idleEveryOther)).code).toBeNull();
  });
});

describe('a job before its first step', () => {
  test('has the longer of the two timeouts', async () => {
    expect((await watched(minutes(30, () => ({ gpu: 'idle' })))).code).toBeNull();
    expect((await watched(minutes(32, () => ({ gpu: 'idle' })))).code).toBe('TRAINING_STALLED');
  });

  test('is given up in the end, however much its log scrolls', async () => {
    const { code, message } = await watched(minutes(60, (minute) => ({ logBytes: minute })));

    expect(code).toBe('TRAINING_STALLED');
    expect(message).toMatch(/^No step was completed in 3600 s/);
  });
});
