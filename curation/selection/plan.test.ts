import { describe, expect, it } from 'vitest';
import { resolveCurationOptions } from '../../core/curation.ts';
import { photoReport } from '../report/report.fixture.ts';
import { makePlan } from './plan.ts';

describe('makePlan', () => {
  it('asks to look at kept photos that probably show another person', () => {
    const warnings = [{ code: 'other_person', sentence: '-' }] as const;
    const photos = [
      photoReport('own.jpg'),
      photoReport('b.jpg', { warnings }),
      photoReport('a.jpg', { warnings }),
      photoReport('reserve.jpg', { warnings, decision: 'reserve' }),
    ];

    const plan = makePlan(photos, null, resolveCurationOptions({ minPhotos: 1, maxPhotos: 3 }));

    expect(plan).toEqual([
      {
        kind: 'remove',
        sentence: 'Look at a.jpg and b.jpg: probably another person.',
        photoIds: ['b.jpg', 'a.jpg'],
      },
    ]);
  });
});
