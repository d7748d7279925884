import { expect, test } from 'vitest';
import { createListPace } from './list-pace.ts';

test('a few lists are free, further ones come two seconds apart, and never more than sixty in any minute', () => {
  const pauseMs = createListPace();
  const starts: number[] = [];

  for (let now = 0; now < 300_000;) {
    const at = now + pauseMs(now);
    starts.push(at);
    now = at + 10;
  }

  expect(starts.slice(0, 30).at(-1)).toBeLessThan(1_000);
  const most = Math.max(...starts.map((from) => starts.filter((at) => at >= from && at < from + 60_000).length));
  expect(most).toBeLessThanOrEqual(60);
});

test('after a quiet minute lists are free again', () => {
  const pauseMs = createListPace(2);
  const first = [pauseMs(0), pauseMs(0), pauseMs(0)];

  expect(first).toEqual([0, 0, 2_000]);
  expect(pauseMs(63_000)).toBe(0);
});
