import { expect, test } from 'vitest';
import { resumePoint, withoutPods } from './events.ts';

test('a client resumes after its header, else after its query, else from the start', () => {
  expect(resumePoint('7', '3')).toBe(7n);
  expect(resumePoint(undefined, '3')).toBe(3n);
  expect(resumePoint('nonsense', undefined)).toBe(0n);
});

test('no event tells a client which pod it is about', () => {
  const payload = { attempt: 1, podId: 'x', pod: { id: 'x' }, list: [{ oldPodId: 'x', gpu: 'RTX' }], externalId: 'x' };

  expect(withoutPods(payload)).toEqual({ attempt: 1, list: [{ gpu: 'RTX' }] });
});
