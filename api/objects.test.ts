import { expect, test } from 'vitest';
import { contentDisposition, parseRange } from './objects.ts';

test.each([
  [undefined, null],
  ['bytes=0-', { start: 0, end: 99 }],
  ['bytes=10-19', { start: 10, end: 19 }],
  ['bytes=90-500', { start: 90, end: 99 }],
  ['bytes=-10', { start: 90, end: 99 }],
  ['bytes=-500', { start: 0, end: 99 }],
  ['bytes=-', null],
  ['bytes=20-10', null],
  ['bytes=0-1,5-6', null],
  ['pages=1-2', null],
])('reads the range %s', (header, expected) => {
  expect(parseRange(header, 100)).toEqual(expected);
});

test.each(['bytes=100-', 'bytes=200-300', 'bytes=-0'])('refuses the range %s', (header) => {
  expect(() => parseRange(header, 100)).toThrow(expect.objectContaining({ statusCode: 416 }));
});

test('a file name of any kind fits into a header', () => {
  expect(contentDisposition('a "b"\r\nü.safetensors')).toBe(
    `attachment; filename="a _b____.safetensors"; filename*=UTF-8''a%20%22b%22%0D%0A%C3%BC.safetensors`,
  );
});
