import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createSlots } from './slots.ts';

/** Work that ends when it is told to. */
function controlled() {
  const ends: (() => void)[] = [];
  return { ends, work: () => new Promise<void>((resolve) => ends.push(resolve)) };
}

test('works on as many at a time as there are slots, in the order of their coming', async () => {
  const { run } = createSlots(2);
  const { ends, work } = controlled();
  const started: number[] = [];
  const all = Promise.all(
    [0, 1, 2, 3].map((n) =>
      run(() => {
        started.push(n);
        return work();
      }),
    ),
  );

  await setImmediate();
  expect(started).toEqual([0, 1]);
  ends[1]!();
  await setImmediate();
  expect(started).toEqual([0, 1, 2]);
  ends[0]!();
  await setImmediate();
  ends[2]!();
  ends[3]!();
  await all;
  expect(started).toEqual([0, 1, 2, 3]);
});

test('frees the slot of work that failed', async () => {
  const { run } = createSlots(1);

  await expect(run(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
  await expect(run(async () => 'done')).resolves.toBe('done');
});

test('lets go of who waits when it is aborted, and loses no slot', async () => {
  const { run } = createSlots(1);
  const { ends, work } = controlled();
  const abort = new AbortController();
  const first = run(work);
  const second = run(async () => 'never', abort.signal);
  const third = run(async () => 'third');

  abort.abort(new Error('stop'));
  await expect(second).rejects.toThrow('stop');
  ends[0]!();
  await first;
  await expect(third).resolves.toBe('third');
});
