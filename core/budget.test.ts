import { describe, expect, test } from 'vitest';
import { budgetClock, canRent } from './budget.ts';
import { rentMicroUsd } from './money.ts';

const MARGINS = { budgetSaveMs: 180_000, budgetTeardownMs: 60_000 };
const HOUR = 3_600_000;

/** Mulberry32: the same numbers for the same seed, from 0 to 1. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

describe('the clock of a budget', () => {
  test('turns money left into moments', () => {
    const clock = budgetClock(1_000_000, 400_000, { hourlyMicroUsd: 600_000, createdAtMs: 5_000 }, MARGINS);

    expect(clock).toEqual({
      warnAtMs: 5_000 + (500_000 / 600_000) * HOUR,
      saveAtMs: 5_000 + HOUR - 240_000,
      endAtMs: 5_000 + HOUR - 60_000,
    });
  });

  test('of a ceiling that is spent has run out before the pod was there', () => {
    const clock = budgetClock(1_000_000, 1_200_000, { hourlyMicroUsd: 600_000, createdAtMs: 5_000 }, MARGINS);

    expect(clock.endAtMs).toBe(5_000 - 60_000);
  });

  test('no pod is rented that could only save and go', () => {
    expect(canRent(rentMicroUsd(600_000, 240_000), 600_000, MARGINS)).toBe(false);
    expect(canRent(rentMicroUsd(600_000, 240_000) + 1, 600_000, MARGINS)).toBe(true);
    expect(canRent(0, 0, MARGINS)).toBe(false);
  });

  /**
   * Pods of random prices come and go by themselves at random moments, or when the clock says so; a teardown takes up to what is
   * kept for it, and the clock is noticed up to one poll late. What the story believes to have spent comes from our own formula;
   * what is judged is the bill of a vendor that knows nothing of it.
   */
  test.each([1, 2, 3, 4])(
    'no random life of pods makes a vendor bill more than the ceiling and a poll (seed %i)',
    (seed) => {
      const random = randomOf(seed);
      let ended = 0;
      for (let life = 0; life < 500; life += 1) {
        const pollMs = 1 + random() * 20_000;
        const ceiling = Math.ceil(random() ** 3 * 20_000_000) + 100;
        let believed = 0;
        let billed = 0n;
        let now = 0;
        let tolerated = 0n;
        let dearestPoll = 0n;
        for (let pod = 0; pod < 12; pod += 1) {
          const gpu = Math.ceil(10_000 + random() * 5_000_000);
          const disk = Math.ceil(random() * 50_000);
          if (!canRent(ceiling - believed, gpu + disk, MARGINS)) continue;
          const { endAtMs } = budgetClock(ceiling, believed, { hourlyMicroUsd: gpu + disk, createdAtMs: now }, MARGINS);
          const diesAtMs = now + random() ** 2 * 10 * HOUR;
          const noticedAtMs = now + Math.ceil((endAtMs - now) / pollMs) * pollMs;
          if (noticedAtMs < diesAtMs) ended += 1;
          const goneAtMs = Math.min(diesAtMs, noticedAtMs) + random() * MARGINS.budgetTeardownMs;
          believed += rentMicroUsd(gpu + disk, goneAtMs - now);
          billed += vendorsBill([gpu, disk], goneAtMs - now);
          // A vendor rounds each pod's seconds up.
          tolerated += vendorsBill([gpu, disk], 1_000);
          dearestPoll = vendorsBill([gpu, disk], pollMs) > dearestPoll ? vendorsBill([gpu, disk], pollMs) : dearestPoll;
          now = goneAtMs + random() * HOUR;
        }

        expect(Number(billed - tolerated - dearestPoll)).toBeLessThanOrEqual(ceiling);
      }
      // Not by pods that die young: most lives are ended by their ceiling.
      expect(ended).toBeGreaterThan(250);
    },
  );
});

/** Whole seconds, begun ones in full, GPU and disk rounded up apart; counted in whole numbers. Micro-dollars. */
function vendorsBill(hourlyRates: readonly number[], ms: number): bigint {
  const seconds = BigInt(Math.ceil(ms / 1_000));
  return hourlyRates.reduce((sum, rate) => sum + (BigInt(rate) * seconds + 3_599n) / 3_600n, 0n);
}
