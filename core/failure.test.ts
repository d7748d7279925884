import { describe, expect, test } from 'vitest';
import { FAILURE_CODES, TemperaError, failurePolicy, isFailureCode, isOncePerTraining } from './failure.ts';

describe('failure policy', () => {
  test('whatever another attempt follows counts as one', () => {
    const counting = FAILURE_CODES.map((code) => [code, failurePolicy(code)] as const).filter(
      ([, policy]) => 'countsAsAttempt' in policy && policy.countsAsAttempt,
    );

    expect(counting.map(([code]) => code)).toEqual([
      'POD_NOT_READY',
      'POD_LOST',
      'TRAINING_STALLED',
      'POD_SLOW',
      'TRAINER_ERROR',
      'OUT_OF_MEMORY',
      'ARTIFACT_INVALID',
    ]);
  });

  test('only a pod that is slow is replaced once', () => {
    expect(FAILURE_CODES.filter((code) => isOncePerTraining(code))).toEqual(['POD_SLOW']);
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
