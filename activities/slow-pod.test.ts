/** When a pod counts as slow, and that the failure policy says how often one is replaced. */
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterEach, describe, expect, test } from 'vitest';
import { FAILURE_POLICY } from '../core/failure.ts';
import { resolveRecipe } from '../core/recipe.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { createSlowCheck } from './slow-pod.ts';

const RECIPE = resolveRecipe('flux', 'ohwx', {});
const WINDOW_MS = 1_000;
const INPUT = { trainingId: 't', attempt: 2, podName: 'p', slowPodFactor: 3, slowPodWindowMs: WINDOW_MS };
const HEALTHY_MS = 1;
const SLOW_MS = 3_600_000;

/** A training on a GPU of known pace, with the reasons for which its earlier attempts ended. */
const trainingAfter = (reasons: readonly string[]) =>
  ({
    repositories: {
      pods: { findPod: async () => ({ gpu: 'NVIDIA GeForce RTX 4090' }) },
      history: { pastRuns: async () => [] },
      attempts: { earlierAttempts: async () => reasons.map((reason) => ({ reason })) },
    },
  }) as unknown as ActivityDependencies;

/** The code that the paces lead to, one window after another; null: the pod is left alone. */
async function judged(reasons: readonly string[], paces: readonly number[]): Promise<string | null> {
  const judging = new MockActivityEnvironment().run(async () => {
    const slow = await createSlowCheck(trainingAfter(reasons), INPUT, RECIPE);
    for (const [index, pace] of paces.entries()) slow.check(pace, index * WINDOW_MS);
    return null;
  });
  return await (judging as Promise<null>).catch((error: { code: string }) => error.code);
}

afterEach(() => {
  Object.assign(FAILURE_POLICY.POD_SLOW, { oncePerTraining: true });
});

describe('a pod', () => {
  test('that is slow for a whole window is reported', async () => {
    expect(await judged([], [SLOW_MS, SLOW_MS])).toBe('POD_SLOW');
  });

  test('that picks up in between is left alone', async () => {
    expect(await judged([], [SLOW_MS, HEALTHY_MS, SLOW_MS])).toBeNull();
  });

  test('is left alone when another one was replaced for it before', async () => {
    expect(await judged(['POD_SLOW'], [SLOW_MS, SLOW_MS, SLOW_MS])).toBeNull();
  });

  test('is reported again when the policy does not limit it to once', async () => {
    Object.assign(FAILURE_POLICY.POD_SLOW, { oncePerTraining: false });

    expect(await judged(['POD_SLOW'], [SLOW_MS, SLOW_MS])).toBe('POD_SLOW');
  });
});
