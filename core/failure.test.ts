import { describe, expect, test } from 'vitest';
import { FAILURE_POLICY, TemperaError, isFailureCode } from './failure.ts';

describe('failure policy', () => {
  test('only what ends an attempt by itself counts as one', () => {
    const counting = Object.entries(FAILURE_POLICY).filter(([, policy]) => policy.countsAsAttempt);

    expect(counting.map(([code]) => code)).toEqual([
      'POD_LOST',
      'TRAINING_STALLED',
      'POD_SLOW',
      'TRAINER_ERROR',
      'OUT_OF_MEMORY',
      'ARTIFACT_INVALID',
    ]);
    expect(counting.every(([, policy]) => policy.action === 'new_attempt')).toBe(true);
  });

  test('only blips are repeated by Temporal', () => {
    expect(new TemperaError('PROVIDER_UNAVAILABLE', 'x').retryable).toBe(true);
    expect(new TemperaError('RATE_LIMITED', 'x').retryable).toBe(true);
    expect(new TemperaError('AUTH', 'x').retryable).toBe(false);
    expect(new TemperaError('TRAINER_ERROR', 'x').retryable).toBe(false);
  });

  test('members of objects are no codes', () => {
    expect(isFailureCode('POD_LOST')).toBe(true);
    expect(isFailureCode('toString')).toBe(false);
    expect(isFailureCode(null)).toBe(false);
  });
});
