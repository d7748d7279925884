import { describe, expect, test } from 'vitest';
import { Pace, nextLookMs } from './pace.ts';

const REAL = { slowMs: 10_000, fastMs: 1_000 };

describe('pace', () => {
  test('is unknown until the counter has moved twice: the time before the first step is loading', () => {
    const pace = new Pace();
    pace.note({ step: 0, atMs: 0 });
    pace.note({ step: 1, atMs: 180_000 });

    expect(pace.msUntil(10, 181_000)).toBeNull();
  });

  test('predicts when a step is reached', () => {
    const pace = new Pace();
    pace.note({ step: 0, atMs: -60_000 });
    pace.note({ step: 2, atMs: 4_000 });
    pace.note({ step: 10, atMs: 20_000 });

    expect(pace.msPerStep).toBe(2_000);
    expect(pace.msUntil(15, 23_000)).toBe(7_000);
    expect(pace.msUntil(11, 23_000)).toBe(-1_000);
  });

  test('a pause for a checkpoint does not change it, a slower pace does', () => {
    const pace = new Pace();
    for (const [step, atMs] of [
      [0, 0],
      [10, 10_000],
      [20, 20_000],
      [21, 81_000],
      [31, 91_000],
    ] as const)
      pace.note({ step, atMs });
    expect(pace.msPerStep).toBe(1_000);

    for (const [step, atMs] of [
      [33, 111_000],
      [35, 131_000],
    ] as const)
      pace.note({ step, atMs });
    expect(pace.msPerStep).toBeGreaterThan(3_000);
  });

  test('a counter that fell back does not make it negative', () => {
    const pace = new Pace();
    pace.note({ step: 100, atMs: 0 });
    pace.note({ step: 50, atMs: 1_000 });
    pace.note({ step: 60, atMs: 61_000 });
    pace.note({ step: 70, atMs: 62_000 });

    expect(pace.msPerStep).toBe(100);
  });
});

describe('the next look', () => {
  test('is slow in the middle of a long run', () => {
    expect(nextLookMs({ ...REAL, dueInMs: 600_000, runningForMs: 600_000 })).toBe(10_000);
  });

  test('comes a moment before what is due', () => {
    expect(nextLookMs({ ...REAL, dueInMs: 6_000, runningForMs: 600_000 })).toBe(5_000);
  });

  test('is quick once it is due', () => {
    expect(nextLookMs({ ...REAL, dueInMs: 0, runningForMs: 600_000 })).toBe(100);
  });

  test('becomes slower again when what is due does not come', () => {
    expect(nextLookMs({ ...REAL, dueInMs: -3_000, runningForMs: 600_000 })).toBe(100);
    expect(nextLookMs({ ...REAL, dueInMs: -120_000, runningForMs: 600_000 })).toBe(2_000);
    expect(nextLookMs({ ...REAL, dueInMs: -3_600_000, runningForMs: 600_000 })).toBe(10_000);
  });

  test('with an unknown pace grows with the time that has passed', () => {
    expect(nextLookMs({ ...REAL, dueInMs: null, runningForMs: 0 })).toBe(100);
    expect(nextLookMs({ ...REAL, dueInMs: null, runningForMs: 50_000 })).toBe(5_000);
    expect(nextLookMs({ ...REAL, dueInMs: null, runningForMs: 900_000 })).toBe(10_000);
  });
});
