import { describe, expect, it } from 'vitest';
import { datasetVersion, summarise } from './old-report.ts';
import type { DropReason, PhotoDecision } from './old-report.ts';

function decision(reason: DropReason | null): PhotoDecision {
  const common = {
    id: 'a',
    sha256: 'a',
    filename: 'a.jpg',
    sentence: 'x',
    width: null,
    height: null,
    sharpness: null,
    duplicateOf: null,
  };
  return { ...common, reason, decision: reason === null ? 'keep' : 'drop' };
}

function report(reasons: (DropReason | null)[]) {
  const kept = reasons.filter((reason) => reason === null).length;
  return {
    rulesVersion: 'x',
    minimum: 5,
    accepted: kept >= 5,
    kept,
    dropped: reasons.length - kept,
    photos: reasons.map(decision),
  };
}

describe('summarise', () => {
  it.each([
    [[null, null, null, null, null], '5 of 5 photos can be trained on.'],
    [
      [null, null, null, null, null, 'too_small', 'duplicate_near', 'too_small'] as const,
      '5 of 8 photos can be trained on; dropped: 2 too small, 1 near duplicates.',
    ],
    [
      [null, 'unreadable'] as const,
      'Only 1 of 2 photos can be trained on, at least 5 are needed; dropped: 1 unreadable.',
    ],
    [[], 'Only 0 of 0 photos can be trained on, at least 5 are needed.'],
  ])('puts %j into a sentence', (reasons, sentence) => {
    expect(summarise(report([...reasons]))).toBe(sentence);
  });
});

describe('datasetVersion', () => {
  const photos = [
    { sha256: 'aa', caption: 'one' },
    { sha256: 'bb', caption: 'two' },
  ];

  it('is the same in any order', () => {
    expect(datasetVersion(photos)).toMatch(/^[0-9a-f]{64}$/);
    expect(datasetVersion(photos.toReversed())).toBe(datasetVersion(photos));
  });

  it('changes with a caption and with a photo', () => {
    const versions = [photos, photos.slice(1), [photos[0]!, { sha256: 'bb', caption: 'other' }]].map(datasetVersion);

    expect(new Set(versions).size).toBe(3);
  });
});
