import { describe, expect, it } from 'vitest';
import type { ComparedPair } from './compare-all.ts';
import { findRepeats } from './find-repeats.ts';

/** Ranked one below the other, or all equally good. */
function candidates(count: number, { pinned = [] as readonly number[], equal = false } = {}) {
  return Array.from({ length: count }, (_, index) => ({
    pixelHash: `pixels-${index}`,
    pinned: pinned.includes(index),
    tier: equal ? 1 : index,
    detail: 1_000,
  }));
}

function pair(first: number, second: number, relation: ComparedPair['relation'], match = 0.99): ComparedPair {
  return { first, second, relation, match, bits: 60, coarse: match, share: 1, part: 'b' };
}

describe('findRepeats', () => {
  it('drops the later of two copies', () => {
    const repeats = findRepeats(candidates(3), [pair(0, 2, 'copy')], { similarKept: 1 });

    expect([...repeats.keys()]).toEqual([2]);
    expect(repeats.get(2)).toMatchObject({ of: 0, relation: 'copy' });
  });

  it('drops nothing through a chain of look-alikes', () => {
    // 1 repeats 0 and 2 repeats 1, but 2 does not repeat 0: without 1, both say something of their own.
    const repeats = findRepeats(candidates(3), [pair(0, 1, 'copy'), pair(1, 2, 'copy')], { similarKept: 1 });

    expect([...repeats.keys()]).toEqual([1]);
  });

  it('names the nearest of several originals', () => {
    const pairs = [pair(0, 2, 'crop', 0.986), pair(1, 2, 'copy', 0.998)];

    expect(findRepeats(candidates(3), pairs, { similarKept: 1 }).get(2)).toMatchObject({ of: 1 });
  });

  it('keeps as many very similar photos as asked for, but no copy', () => {
    const all = [0, 1, 2, 3].flatMap((a) => [0, 1, 2, 3].filter((b) => b > a).map((b) => pair(a, b, 'similar', 0.95)));

    expect(findRepeats(candidates(4), all, { similarKept: 1 }).size).toBe(3);
    expect(findRepeats(candidates(4), all, { similarKept: 2 }).size).toBe(2);
    expect(findRepeats(candidates(2), [pair(0, 1, 'copy')], { similarKept: 3 }).size).toBe(1);
  });

  it('never drops a pinned photo, and lets it stand for its copies', () => {
    const repeats = findRepeats(candidates(3, { pinned: [0, 1] }), [pair(0, 1, 'copy'), pair(1, 2, 'copy')], {
      similarKept: 1,
    });

    expect([...repeats.keys()]).toEqual([2]);
  });

  it('knows equal pixels without a comparison', () => {
    const twins = [
      { pixelHash: 'same', pinned: false, tier: 1, detail: 1_000 },
      { pixelHash: 'same', pinned: false, tier: 1, detail: 1_000 },
    ];

    expect(findRepeats(twins, [], { similarKept: 1 }).get(1)).toMatchObject({ of: 0, relation: 'exact' });
  });

  it('keeps the whole photo instead of its better ranked parts', () => {
    const crop = (first: number, second: number) => ({
      ...pair(first, second, 'crop'),
      share: 0.5,
      part: 'a' as const,
    });
    const three = candidates(3);

    // 0 and 1 are parts of 2 that only partly overlap.
    expect(
      [...findRepeats(three, [crop(0, 2), crop(1, 2)], { similarKept: 1 }).keys()].toSorted((a, b) => a - b),
    ).toEqual([0, 1]);
  });

  it('keeps the part when the whole has far less detail, and says which shows more', () => {
    const small = [...candidates(1), { pixelHash: 'small', pinned: false, tier: 2, detail: 300 }];

    const repeats = findRepeats(small, [{ ...pair(0, 1, 'crop'), share: 0.5, part: 'a' }], { similarKept: 1 });

    expect(repeats.get(1)).toMatchObject({ of: 0, shows: 'more' });
  });

  it('keeps the photo that its relatives resemble most', () => {
    // 2 is the original; 0 has a text and 1 a tilt, so they resemble each other less.
    const pairs = [pair(0, 2, 'similar', 0.96), pair(1, 2, 'similar', 0.97), pair(0, 1, 'similar', 0.94)];

    expect(
      [...findRepeats(candidates(3, { equal: true }), pairs, { similarKept: 1 }).keys()].toSorted((a, b) => a - b),
    ).toEqual([0, 1]);
  });
});
