import { describe, expect, it } from 'vitest';
import { balanceRepeats, effectiveShares, exactQuotas, filledQuotas, quotas } from './quotas.ts';

const TARGET = { portrait: 20, upper: 70, full: 10 };

describe('quotas', () => {
  it.each([
    [10, { portrait: 2, upper: 7, full: 1 }],
    [20, { portrait: 4, upper: 14, full: 2 }],
    [30, { portrait: 6, upper: 21, full: 3 }],
    [7, { portrait: 1, upper: 5, full: 1 }],
    [0, { portrait: 0, upper: 0, full: 0 }],
  ])('divides %i by largest remainder', (total, expected) => {
    expect(quotas(total, TARGET)).toEqual(expected);
  });
});

describe('filledQuotas', () => {
  it('hands what a class lacks to upper, then portrait, then full', () => {
    expect(filledQuotas(20, TARGET, { portrait: 30, upper: 10, full: 30 })).toEqual({
      portrait: 8,
      upper: 10,
      full: 2,
    });
    expect(filledQuotas(20, TARGET, { portrait: 3, upper: 30, full: 0 })).toEqual({ portrait: 3, upper: 17, full: 0 });
  });

  it('never asks for more than there is', () => {
    expect(filledQuotas(30, TARGET, { portrait: 2, upper: 3, full: 1 })).toEqual({ portrait: 2, upper: 3, full: 1 });
  });
});

describe('exactQuotas', () => {
  it('takes the largest set that has the mix', () => {
    expect(exactQuotas({ min: 5, max: 30 }, TARGET, { portrait: 20, upper: 14, full: 9 })).toEqual({
      portrait: 4,
      upper: 14,
      full: 2,
    });
  });

  it('divides the share of a class without photos among the others', () => {
    expect(exactQuotas({ min: 5, max: 30 }, TARGET, { portrait: 20, upper: 14, full: 0 })).toEqual({
      portrait: 4,
      upper: 14,
      full: 0,
    });
  });

  it('keeps the minimum when the mix cannot be had', () => {
    const taken = exactQuotas({ min: 8, max: 30 }, TARGET, { portrait: 15, upper: 1, full: 0 });

    expect(taken).toEqual({ portrait: 7, upper: 1, full: 0 });
  });
});

describe('balanceRepeats', () => {
  it('repeats the rarer classes until the training sees the mix', () => {
    const counts = { portrait: 10, upper: 12, full: 2 };

    const repeats = balanceRepeats(counts, TARGET);

    expect(repeats).toEqual({ portrait: 1, upper: 3, full: 3 });
    expect(effectiveShares(counts, repeats).upper).toBeCloseTo(69.2, 1);
  });

  it('changes nothing about a set that has the mix, or only one class', () => {
    expect(balanceRepeats({ portrait: 4, upper: 14, full: 2 }, TARGET)).toEqual({ portrait: 1, upper: 1, full: 1 });
    expect(balanceRepeats({ portrait: 9, upper: 0, full: 0 }, TARGET)).toEqual({ portrait: 1, upper: 1, full: 1 });
  });

  it('repeats nothing more than four times', () => {
    expect(balanceRepeats({ portrait: 50, upper: 1, full: 0 }, TARGET)).toEqual({ portrait: 1, upper: 4, full: 1 });
  });
});
