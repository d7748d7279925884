/** Reports made by hand, for tests of what shows them. */
import { resolveCurationOptions } from '../../core/curation.ts';
import type { CuratedSet, SimilarPair } from '../contract.ts';
import { fromPixels } from '../intake/pictures.ts';
import type { CurationReport, PhotoReport } from './report.ts';

/** A kept photo with nothing special about it, but for what the caller says. */
export function photoReport(name: string, patch: Partial<PhotoReport> = {}): PhotoReport {
  const kept = (patch.decision ?? 'keep') === 'keep';
  return {
    id: name,
    sha256: Buffer.from(name).toString('hex').padEnd(64, '0').slice(0, 64),
    filename: name,
    decision: 'keep',
    reason: null,
    sentence: 'Kept: 1200 x 1600 pixels, sharpness 0.63, no copy among the others.',
    warnings: [],
    width: 1_200,
    height: 1_600,
    signals: {
      sharpness: 0.63,
      tileDetail: 310,
      lumaP5: 12,
      lumaP95: 214,
      lumaP99: 246,
      colourfulness: 31,
      barShare: 0,
    },
    quality: 0.81,
    duplicateOf: null,
    nearest: null,
    group: null,
    faces: 1,
    identityDistance: null,
    framing: { framing: 'upper', confidence: 'clear', source: 'face', headsBelow: 3.1, faceShare: 0.28 },
    countsAs: 'upper',
    override: null,
    output: kept
      ? {
          filename: '0001.jpg',
          repeats: 1,
          width: 1_200,
          height: 1_600,
          caption: { text: 'ohwx, upper body photo of ohwx person', source: 'template' },
        }
      : null,
    ...patch,
  };
}

/** A report about these photos; counts follow from them. */
export function curationReport(photos: readonly PhotoReport[], patch: Partial<CurationReport> = {}): CurationReport {
  const count = (decision: PhotoReport['decision']) => photos.filter((photo) => photo.decision === decision).length;
  return {
    rulesVersion: 'curation-test',
    analyserVersion: 'analyser-test',
    options: resolveCurationOptions(),
    training: { resolutions: [512, 768, 1_024], divisor: 16 },
    verdict: 'pass',
    kept: count('keep'),
    reserved: count('reserve'),
    dropped: count('drop'),
    photos,
    mix: null,
    buckets: [],
    warnings: [],
    plan: [],
    ...patch,
  };
}

/** A set with a small grey picture for every photo that has signals. */
export async function curatedSet(report: CurationReport, pairs: readonly SimilarPair[] = []): Promise<CuratedSet> {
  const thumbnails = new Map<string, Uint8Array>();
  for (const { sha256, signals } of report.photos) {
    if (signals === null) continue;
    const pixels = { width: 120, height: 160, data: new Uint8Array(120 * 160 * 3).fill(128) };
    thumbnails.set(sha256, await fromPixels(pixels, 3).jpeg().toBuffer());
  }
  return { report, thumbnails, pairs };
}
