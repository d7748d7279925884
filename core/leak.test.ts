import { expect, test } from 'vitest';
import { newlyLeakedMs } from './leak.ts';

const MINUTE = 60_000;
const orphan = { orphanedAtMs: 0, allowedMs: 12 * MINUTE, countedUntilMs: null };

test('a pod that is ended within pause and grace has leaked nothing', () => {
  expect(newlyLeakedMs({ ...orphan, nowMs: 12 * MINUTE })).toBe(0);
});

test('what comes after is counted once, however many looks there are', () => {
  const first = newlyLeakedMs({ ...orphan, nowMs: 14 * MINUTE });
  const second = newlyLeakedMs({ ...orphan, countedUntilMs: 14 * MINUTE, nowMs: 16 * MINUTE });

  expect([first, second]).toEqual([2 * MINUTE, 2 * MINUTE]);
});

test('a look before the leak began does not make it begin', () => {
  expect(newlyLeakedMs({ ...orphan, countedUntilMs: 2 * MINUTE, nowMs: 13 * MINUTE })).toBe(MINUTE);
});
