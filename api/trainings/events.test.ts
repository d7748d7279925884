import { expect, test } from 'vitest';
import { resumePoint } from './events.ts';

test('a client resumes after its header, else after its query, else from the start', () => {
  expect(resumePoint('7', '3')).toBe(7n);
  expect(resumePoint(undefined, '3')).toBe(3n);
  expect(resumePoint('nonsense', undefined)).toBe(0n);
});
