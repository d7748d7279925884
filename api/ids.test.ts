import { expect, test } from 'vitest';
import { jsonHash, uuidV7 } from './ids.ts';

test('ids are UUIDs of version 7 and sort by time', () => {
  const ids = [1_700_000_000_000, 1_700_000_000_001, 1_800_000_000_000].map((time) => uuidV7(new Date(time)));

  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect([...ids].sort()).toEqual(ids);
});

test('the hash of a request does not depend on the order of its fields', () => {
  expect(jsonHash({ a: 1, b: { c: [1, 2], d: null } })).toBe(jsonHash({ b: { d: null, c: [1, 2] }, a: 1 }));
  expect(jsonHash({ a: [1, 2] })).not.toBe(jsonHash({ a: [2, 1] }));
});
