import { expect, test } from 'vitest';
import { EVENTS, isLastEvent, knownPayload } from './event.ts';

test('a reader gets what the catalogue knows, and nothing that tells of a pod', () => {
  const stored = { attempt: 1, phase: 'training', podId: 'x', pod: { id: 'x' }, oldPodId: 'x', externalId: 'x' };

  expect(knownPayload('training.phase', stored)).toEqual({ attempt: 1, phase: 'training' });
  expect(knownPayload('training.unheard_of', stored)).toEqual({});
  expect(knownPayload('toString', stored)).toEqual({});
});

test('no field is named after a pod, and every one says what it means', () => {
  const fields = Object.values(EVENTS).flatMap(({ payload }) => Object.entries(payload));

  expect(fields.length).toBeGreaterThan(20);
  for (const [name, { type, meaning }] of fields) {
    expect(name).not.toMatch(/^pod|PodId$|^externalId$/i);
    expect(`${type}: ${meaning}`).toMatch(/^.+: .+\.$/);
  }
});

test('only what cannot be retried is the last event', () => {
  expect(Object.keys(EVENTS).filter(isLastEvent)).toEqual(['training.ready', 'training.cancelled']);
  expect(isLastEvent('constructor')).toBe(false);
});
