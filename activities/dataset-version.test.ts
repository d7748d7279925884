import { expect, test } from 'vitest';
import { resolveCurationOptions } from '../core/curation.ts';
import type { CurationOptionsDraft } from '../core/curation.ts';
import type { TrainingFacts } from '../curation/contract.ts';
import type { CurationReport, PhotoReport } from '../curation/report/report.ts';
import { datasetVersion, placeOf } from './dataset-version.ts';

const TRAINING: TrainingFacts = { triggerWord: 'ohwx', resolutions: [1_024], divisor: 16 };

function photo(sha256: string, over: Partial<PhotoReport> = {}): PhotoReport {
  return {
    id: sha256,
    sha256,
    filename: `${sha256}.jpg`,
    decision: 'keep',
    reason: null,
    sentence: 'Kept.',
    warnings: [],
    width: 800,
    height: 600,
    signals: null,
    quality: null,
    duplicateOf: null,
    nearest: null,
    group: null,
    faces: null,
    identityDistance: null,
    framing: null,
    countsAs: 'upper',
    override: null,
    output: {
      filename: '0001.jpg',
      repeats: 2,
      width: 800,
      height: 600,
      caption: { text: `ohwx ${sha256}`, source: 'person' },
    },
    ...over,
  };
}

function report(photos: readonly PhotoReport[], options: CurationOptionsDraft = {}): CurationReport {
  return {
    rulesVersion: 'rules-1',
    analyserVersion: 'analyser-1',
    options: resolveCurationOptions(options),
    training: TRAINING,
    verdict: 'pass',
    kept: photos.length,
    reserved: 0,
    dropped: 0,
    photos,
    mix: [],
    buckets: [],
    warnings: [],
    plan: [],
  };
}

const version = (photos: readonly PhotoReport[], options?: CurationOptionsDraft, training = TRAINING) =>
  datasetVersion(report(photos, options), training);

test('a version does not depend on the order of photos and keys, nor on names', () => {
  const known = version([photo('a'), photo('b')], { mixTarget: { portrait: 20, upper: 70, full: 10 } });

  expect(known).toMatch(/^[0-9a-f]{64}$/);
  expect(version([photo('b'), photo('a')], { mixTarget: { full: 10, upper: 70, portrait: 20 } })).toBe(known);
  expect(version([photo('a', { id: 'x', filename: 'y', sentence: 'z' }), photo('b')])).toBe(known);
});

test('everything that changes what is trained on changes the version', () => {
  const base = photo('a').output!;
  const versions = [
    version([photo('a')]),
    version([photo('b')]),
    version([photo('a'), photo('b')]),
    version([photo('a')], { maxPhotos: 20 }),
    version([photo('a')], {}, { ...TRAINING, triggerWord: 'mia' }),
    version([photo('a')], {}, { ...TRAINING, resolutions: [512, 1_024] }),
    version([photo('a')], {}, { ...TRAINING, divisor: 32 }),
    version([photo('a', { countsAs: 'full' })]),
    version([photo('a', { output: { ...base, repeats: 3 } })]),
    version([photo('a', { output: { ...base, caption: { text: 'another', source: 'person' } } })]),
    version([photo('a', { decision: 'drop', output: null })]),
    version([photo('a', { decision: 'reserve', output: null })]),
    datasetVersion({ ...report([photo('a')]), rulesVersion: 'rules-2' }, TRAINING),
    datasetVersion({ ...report([photo('a')]), analyserVersion: 'analyser-2' }, TRAINING),
  ];

  expect(new Set(versions).size).toBe(versions.length);
});

test('photos are weighted by framing only where the options ask for it and framings are known', () => {
  const upper = photo('a');

  expect(placeOf(report([upper]), upper)).toEqual({ folder: 'upper', repeats: 2 });
  expect(placeOf(report([upper]), photo('a', { countsAs: null }))).toEqual({ folder: '', repeats: 2 });
  expect(placeOf(report([upper], { mixPolicy: 'select' }), upper)).toEqual({ folder: '', repeats: 1 });
  expect(placeOf({ ...report([upper]), mix: null }, upper)).toEqual({ folder: '', repeats: 1 });
});
