import { describe, expect, test } from 'vitest';
import { NO_LIMITS, decideCeiling, exceededLimits, limitSentence, monthOf } from './spend-limit.ts';

const QUOTE = { p50MicroUsd: 800_000, reserveMicroUsd: 1_500_000 };
const request = { namedMicroUsd: null, limits: NO_LIMITS, hasCharacter: true, quote: QUOTE };

describe('the ceiling of a new training', () => {
  test.each([
    ['none without a limit', {}, { status: 'ceiling', ceilingMicroUsd: null }],
    ['the one named', { namedMicroUsd: 2_000_000 }, { status: 'ceiling', ceilingMicroUsd: 2_000_000 }],
    [
      'the limit per training',
      { limits: { ...NO_LIMITS, training: 3_000_000 } },
      { status: 'ceiling', ceilingMicroUsd: 3_000_000 },
    ],
    [
      'what the quote reserves under a limit per month',
      { limits: { ...NO_LIMITS, userMonth: 9_000_000 } },
      { status: 'ceiling', ceilingMicroUsd: 1_500_000 },
    ],
    [
      'none for a limit per character without a character',
      { limits: { ...NO_LIMITS, characterMonth: 9_000_000 }, hasCharacter: false },
      { status: 'ceiling', ceilingMicroUsd: null },
    ],
    ['unknown without a price', { limits: { ...NO_LIMITS, userMonth: 1 }, quote: null }, { status: 'no_price' }],
    [
      'refused above the limit per training',
      { namedMicroUsd: 4_000_000, limits: { ...NO_LIMITS, training: 3_000_000 } },
      { status: 'over_limit', figures: [{ limit: 'training', limitMicroUsd: 3_000_000 }] },
    ],
    [
      'refused below what half of such trainings cost',
      { namedMicroUsd: 700_000 },
      { status: 'too_low', ceilingMicroUsd: 700_000, expectedMicroUsd: 800_000 },
    ],
  ])('is %s', (_, differs, expected) => {
    expect(decideCeiling({ ...request, ...differs })).toMatchObject(expected);
  });
});

describe('limits of a month', () => {
  const limits = { training: null, userMonth: 10_000_000, characterMonth: 4_000_000 };

  test('are told with their figures', () => {
    const exceeded = exceededLimits(limits, { userMonth: 9_000_000, characterMonth: 1_000_000 }, 1_500_000);

    expect(exceeded).toEqual([
      {
        limit: 'user_month',
        limitMicroUsd: 10_000_000,
        usedMicroUsd: 9_000_000,
        requiredMicroUsd: 1_500_000,
        availableMicroUsd: 1_000_000,
      },
    ]);
    expect(limitSentence(exceeded[0]!)).toBe(
      'monthly limit of this user: $9.0000 of $10.0000 is spent or reserved, $1.0000 is left, $1.5000 would be needed',
    );
  });

  test('let exactly what is left through', () => {
    expect(exceededLimits(limits, { userMonth: 9_000_000, characterMonth: null }, 1_000_000)).toEqual([]);
  });

  test('count by the month in UTC', () => {
    expect(monthOf(new Date('2026-12-01T00:30:00+02:00'))).toBe('2026-11');
  });
});
