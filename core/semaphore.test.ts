import { describe, expect, test } from 'vitest';
import { createSemaphore } from './semaphore.ts';
import type { Semaphore } from './semaphore.ts';

/** Lets everything that can go on go on. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

/** Asks for room; `leave` gives it back. */
function enter(semaphore: Semaphore, weight = 1, signal?: AbortSignal) {
  const entry = { inside: false, leave: () => {}, done: Promise.resolve() };
  entry.done = semaphore.run(
    () => {
      entry.inside = true;
      return new Promise<void>((resolve) => (entry.leave = resolve));
    },
    { weight, signal },
  );
  entry.done.catch(() => undefined);
  return entry;
}

describe('createSemaphore', () => {
  test('lets as many in as fit, and the next when there is room, in the order of their coming', async () => {
    const semaphore = createSemaphore(2);
    const all = Array.from({ length: 4 }, () => enter(semaphore));
    const inside = () => all.map((entry) => entry.inside);
    await settle();
    const first = inside();
    all[1]!.leave();
    await settle();

    expect(first).toEqual([true, true, false, false]);
    expect(inside()).toEqual([true, true, true, false]);
  });

  test('lets the heavy one in alone, and nobody past it', async () => {
    const semaphore = createSemaphore(10);
    const [light, heavy, late] = [enter(semaphore), enter(semaphore, 50), enter(semaphore)];
    await settle();
    const before = [heavy.inside, late.inside];
    light.leave();
    await settle();
    const alone = [heavy.inside, late.inside];
    heavy.leave();
    await settle();

    expect([before, alone, late.inside]).toEqual([[false, false], [true, false], true]);
  });

  test('counts weights together', async () => {
    const semaphore = createSemaphore(10);
    const [a, b, c] = [enter(semaphore, 4), enter(semaphore, 4), enter(semaphore, 4)];
    await settle();
    const before = [a.inside, b.inside, c.inside];
    a.leave();
    await settle();

    expect([before, c.inside]).toEqual([[true, true, false], true]);
  });

  test('gives room back when the work fails', async () => {
    const semaphore = createSemaphore(1);

    await expect(semaphore.run(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await semaphore.run(async () => 'done')).toBe('done');
  });

  test('lets go of who waits when it is aborted, and of those behind it', async () => {
    const semaphore = createSemaphore(2);
    const abort = new AbortController();
    const first = enter(semaphore);
    const heavy = enter(semaphore, 2, abort.signal);
    const light = enter(semaphore);
    abort.abort(new Error('stop'));
    await settle();

    await expect(heavy.done).rejects.toThrow('stop');
    expect([first.inside, heavy.inside, light.inside]).toEqual([true, false, true]);
  });

  test('lets nobody in whose signal was aborted before', async () => {
    const entry = enter(createSemaphore(1), 1, AbortSignal.abort(new Error('before')));

    await expect(entry.done).rejects.toThrow('before');
    expect(entry.inside).toBe(false);
  });
});
