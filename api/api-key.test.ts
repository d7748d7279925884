import { expect, test } from 'vitest';
import { apiKeyOf, newApiKey } from './api-key.ts';

test('reads a key from either header, and nothing that does not look like one', () => {
  const key = newApiKey();

  expect(key).toMatch(/^tmp_[A-Za-z0-9_-]{43}$/);
  expect(apiKeyOf({ authorization: `Bearer ${key}` })).toBe(key);
  expect(apiKeyOf({ authorization: `bearer  ${key}` })).toBe(key);
  expect(apiKeyOf({ 'x-api-key': key })).toBe(key);
  expect(apiKeyOf({ authorization: key })).toBeNull();
  expect(apiKeyOf({ authorization: `Bearer ${key}x` })).toBeNull();
  expect(apiKeyOf({ 'x-api-key': ['a', 'b'] })).toBeNull();
  expect(apiKeyOf({})).toBeNull();
});
