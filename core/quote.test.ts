import { describe, expect, test } from 'vitest';
import type { Offer } from './offer.ts';
import { expectedStepTime, quoteOffers, reserveFor } from './quote.ts';
import { resolveRecipe } from './recipe.ts';
import { storedQuote } from './stored-quote.ts';
import { workPerStep } from './speed.ts';

const offer = (gpu: string, hourlyMicroUsd: number): Offer => ({
  gpu,
  vramGb: 24,
  cloud: 'secure',
  hourlyMicroUsd,
  dataCenters: [],
});
const RTX_4090 = offer('NVIDIA GeForce RTX 4090', 440_000);
const H100 = offer('NVIDIA H100 80GB HBM3', 3_490_000);
const recipe = resolveRecipe('z-image-turbo', 'ohwx', { steps: 2_000 });
const quote = (params: Partial<Parameters<typeof quoteOffers>[0]> = {}) =>
  quoteOffers({ recipe, photos: 20, diskGb: 120, offers: [RTX_4090, H100], past: [], ...params });

describe('a quote', () => {
  test('says what published figures say: 81 and 42 minutes of training, 35 of overhead', () => {
    const [consumer, server] = quote();

    expect(consumer).toMatchObject({ basis: 'table', runs: 0 });
    expect(consumer!.minutes.p50).toBeCloseTo(35 + 0.5 + 81, 0);
    expect(server!.minutes.p50).toBeCloseTo(35 + 0.5 + 41.6, 0);
    expect(consumer!.microUsd.p50 / 1_000_000).toBeCloseTo(((0.44 + 0.016_439) * consumer!.minutes.p50) / 60, 2);
    expect(consumer!.minutes.p90).toBeGreaterThan(consumer!.minutes.p50 * 1.3);
  });

  test('believes own runs once there are three on that GPU', () => {
    const run = { gpu: RTX_4090.gpu, secondsPerStep: 1, overheadMs: 600_000 };
    const [two] = quote({ past: [run, run] });
    const [three, other] = quote({ past: [run, run, { ...run, secondsPerStep: 1.1 }] });

    expect(two!.basis).toBe('table');
    expect(three).toMatchObject({ basis: 'own_runs', runs: 3 });
    expect(three!.minutes.p50).toBeCloseTo(10 + 0.5 + 2_000 / 60, 0);
    expect(other).toMatchObject({ basis: 'table' });
    expect(other!.minutes.p50).toBeLessThan(quote()[1]!.minutes.p50);
  });

  test('of a model that nobody has measured is wider', () => {
    const [guess] = quote({ recipe: resolveRecipe('qwen-image', 'ohwx', {}) });

    expect(guess!.basis).toBe('guess');
    expect(guess!.minutes.p90 / guess!.minutes.p50).toBeGreaterThan(1.8);
  });

  test('leaves out a GPU of which nothing is known', () => {
    expect(quote({ offers: [offer('NVIDIA Something New', 1)] })).toEqual([]);
    expect(storedQuote([])).toBeNull();
    expect(expectedStepTime('NVIDIA Something New', recipe, [])).toBeNull();
  });

  test('reserves its P90 and a fifth, in whole cents', () => {
    const [first] = quote();
    const reserve = reserveFor(first!);

    expect(reserve % 10_000).toBe(0);
    expect(reserve).toBeGreaterThanOrEqual(first!.microUsd.p90 * 1.2);
    expect(reserve).toBeLessThan(first!.microUsd.p90 * 1.2 + 10_000);
    expect(storedQuote([first!])).toMatchObject({ gpu: RTX_4090.gpu, reserveMicroUsd: reserve });
  });
});

test('work grows with pixels and batch', () => {
  expect(workPerStep(recipe)).toBe(1);
  expect(workPerStep({ ...recipe, resolution: [512] })).toBe(0.25);
  expect(workPerStep({ ...recipe, batchSize: 4 })).toBe(4);
});
