import { describe, expect, it } from 'vitest';
import { curationReport, photoReport } from './report.fixture.ts';
import type { DropReason } from './report.ts';
import { summarise } from './summary.ts';

const kept = (count: number) => Array.from({ length: count }, (_, i) => photoReport(`kept-${i}.jpg`));
const dropped = (...reasons: DropReason[]) =>
  reasons.map((reason, i) => photoReport(`dropped-${i}.jpg`, { decision: 'drop', reason }));
const reserve = photoReport('spare.jpg', { decision: 'reserve', reason: 'over_quota' });

describe('summarise', () => {
  it.each([
    [kept(5), '5 of 5 photos can be trained on.'],
    [
      [...kept(5), ...dropped('too_small', 'duplicate_near', 'too_small')],
      '5 of 8 photos can be trained on; dropped: 1 near duplicate, 2 too small.',
    ],
    [[...kept(6), reserve], '6 of 7 photos can be trained on; 1 more in reserve.'],
    [kept(1), '1 of 1 photo can be trained on.'],
  ])('says what is kept and why the others are not', (photos, sentence) => {
    expect(summarise(curationReport(photos))).toBe(sentence);
  });

  it('says how many are needed when there are too few', () => {
    const photos = [...kept(3), ...dropped('duplicate_near', 'duplicate_near', 'too_small', 'too_small', 'too_small')];

    expect(summarise(curationReport(photos, { verdict: 'blocked' }))).toBe(
      'Only 3 of 8 photos can be trained on, at least 5 are needed; dropped: 2 near duplicates, 3 too small.',
    );
  });
});
