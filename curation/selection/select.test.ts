import { describe, expect, it } from 'vitest';
import { resolveCurationOptions } from '../../core/curation.ts';
import type { Framing } from '../../core/curation.ts';
import { chooseDiverse } from './diversity.ts';
import { countFramings, selectPhotos } from './select.ts';
import type { Selectable } from './select.ts';

function photos(count: number, framing: Framing | null, pinned = false): Selectable[] {
  return Array.from({ length: count }, (_, index) => ({ framing, pinned, quality: 1 - index / 100 }));
}

/** All photos are equally unlike each other. */
const apart = (a: number, b: number) => (a === b ? 0 : 0.5);

describe('selectPhotos', () => {
  const many = [...photos(20, 'portrait'), ...photos(40, 'upper'), ...photos(20, 'full'), ...photos(5, null)];

  it.each([
    [10, { portrait: 2, upper: 7, full: 1 }],
    [20, { portrait: 4, upper: 14, full: 2 }],
    [30, { portrait: 6, upper: 21, full: 3 }],
  ])('fills the quotas of %i photos exactly', (maxPhotos, expected) => {
    for (const mixPolicy of ['select', 'weights'] as const) {
      const { kept } = selectPhotos(many, resolveCurationOptions({ maxPhotos, mixPolicy }), apart);

      expect(countFramings(many, kept)).toEqual(expected);
      expect(kept.size).toBe(maxPhotos);
    }
  });

  it('keeps all good photos by default, and repeats the rarer ones', () => {
    const set = [...photos(10, 'portrait'), ...photos(12, 'upper'), ...photos(2, 'full'), ...photos(1, null)];

    const { kept, repeats } = selectPhotos(set, resolveCurationOptions(), apart);

    expect(kept.size).toBe(25);
    expect(repeats).toEqual({ portrait: 1, upper: 3, full: 3 });
  });

  it('keeps pinned photos whatever the mix', () => {
    const set = [...photos(6, 'full', true), ...photos(30, 'upper'), ...photos(10, 'portrait')];

    const { kept } = selectPhotos(set, resolveCurationOptions({ maxPhotos: 10, mixPolicy: 'select' }), apart);

    expect([0, 1, 2, 3, 4, 5].every((place) => kept.has(place))).toBe(true);
    expect(kept.size).toBe(10);
  });

  it('takes photos without anybody last', () => {
    const set = [...photos(4, null), ...photos(8, 'upper')];

    const { kept } = selectPhotos(set, resolveCurationOptions({ maxPhotos: 9 }), apart);

    expect(countFramings(set, kept).upper).toBe(8);
    expect(kept.size).toBe(9);
  });

  it('has no mix for a style', () => {
    const set = photos(12, null);

    const { kept, repeats } = selectPhotos(set, resolveCurationOptions({ subjectKind: 'style' }), apart);

    expect(kept.size).toBe(12);
    expect(repeats).toEqual({ portrait: 1, upper: 1, full: 1 });
  });
});

describe('chooseDiverse', () => {
  it('takes the best first and then what is unlike it', () => {
    // 0 and 1 look alike, 2 does not.
    const distance = (a: number, b: number) => (a === b ? 0 : a + b === 1 ? 0.05 : 0.6);
    const quality = (photo: number) => [0.9, 0.88, 0.7][photo]!;

    expect(chooseDiverse({ from: [0, 1, 2], chosen: [], count: 2, quality, distance, all: [0, 1, 2] })).toEqual([0, 2]);
  });

  it('does not run after a stranger to the set', () => {
    // 0 to 4 lie 0.3 apart; 5 lies 0.9 from all of them and is no better.
    const distance = (a: number, b: number) => (a === b ? 0 : a === 5 || b === 5 ? 0.9 : 0.3);
    const quality = (photo: number) => (photo === 5 ? 0.3 : 0.8);

    const chosen = chooseDiverse({
      from: [0, 1, 2, 3, 4, 5],
      chosen: [],
      count: 3,
      quality,
      distance,
      all: [0, 1, 2, 3, 4, 5],
    });

    expect(chosen).toEqual([0, 1, 2]);
  });
});
