import { describe, expect, it } from 'vitest';
import type { ComparedPair } from './compare-all.ts';
import { findRepeats } from './find-repeats.ts';

function candidates(count: number, pinned: readonly number[] = []) {
  return Array.from({ length: count }, (_, index) => ({
    pixelHash: `pixels-${index}`,
    pinned: pinned.includes(index),
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
    const repeats = findRepeats(candidates(3, [0, 1]), [pair(0, 1, 'copy'), pair(1, 2, 'copy')], { similarKept: 1 });

    expect([...repeats.keys()]).toEqual([2]);
  });

  it('knows equal pixels without a comparison', () => {
    const twins = [
      { pixelHash: 'same', pinned: false },
      { pixelHash: 'same', pinned: false },
    ];

    expect(findRepeats(twins, [], { similarKept: 1 }).get(1)).toMatchObject({ of: 0, relation: 'exact' });
  });
});
