import { expect, test } from 'vitest';
import { atOnce } from './at-once.ts';

/** Lets everything that can go on go on. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

/** Work that ends when the test says so. */
function controlled() {
  const begun: string[] = [];
  const under = new Map<string, { end: () => void; fail: (error: Error) => void }>();
  const work = (item: string) => {
    begun.push(item);
    return new Promise<string>((resolve, fail) => under.set(item, { end: () => resolve(item.toUpperCase()), fail }));
  };
  return { begun, work, of: (item: string) => under.get(item)! };
}

test('keeps to the limit and answers in the order of the items', async () => {
  const { begun, work, of } = controlled();
  const all = atOnce(2, ['a', 'b', 'c'], work);
  await settle();
  const first = [...begun];
  of('b').end();
  await settle();
  of('c').end();
  of('a').end();

  expect(await all).toEqual(['A', 'B', 'C']);
  expect(first).toEqual(['a', 'b']);
});

test('begins nothing more after a failure, and ends only when those under way have ended', async () => {
  const { begun, work, of } = controlled();
  let ended = false;
  const all = atOnce(3, ['a', 'b', 'c', 'd', 'e'], work).finally(() => (ended = true));
  all.catch(() => undefined);
  await settle();
  of('b').fail(new Error('first'));
  await settle();
  of('a').fail(new Error('second'));
  await settle();
  const endedBefore = ended;
  of('c').end();

  await expect(all).rejects.toThrow('first');
  expect(endedBefore).toBe(false);
  expect(begun).toEqual(['a', 'b', 'c']);
});

test('throws what was thrown, even undefined, and does nothing for no items', async () => {
  // eslint-disable-next-line typescript/prefer-promise-reject-errors
  await expect(atOnce(1, ['a'], () => Promise.reject(undefined))).rejects.toBeUndefined();
  expect(await atOnce(3, [], () => Promise.reject(new Error('never')))).toEqual([]);
});
