import { createHash } from 'node:crypto';
import { canonicalJson } from '../core/canonical-json.ts';
import type { Framing } from '../core/curation.ts';
import type { TrainingFacts } from '../curation/contract.ts';
import type { CurationReport, PhotoReport } from '../curation/report/report.ts';

/** Where a kept photo goes, and how many times an epoch shows it: weighted by framing only if the options say so. */
export function placeOf(
  { options, mix }: Pick<CurationReport, 'options' | 'mix'>,
  { countsAs, output }: Pick<PhotoReport, 'countsAs' | 'output'>,
): { readonly folder: '' | Framing; readonly repeats: number } {
  const weighted = options.mixPolicy === 'weights' && mix !== null;
  return weighted ? { folder: countsAs ?? '', repeats: output?.repeats ?? 1 } : { folder: '', repeats: 1 };
}

/**
 * Names a dataset by its content: hex SHA-256 over the rules, the options, the training's facts and the decision about
 * each photo, whatever the order of the photos.
 */
export function datasetVersion(report: CurationReport, training: TrainingFacts): string {
  const photos = report.photos.map((photo) => {
    const { sha256, decision, output } = photo;
    return canonicalJson([sha256, decision, output?.caption.text ?? null, placeOf(report, photo)]);
  });
  const content = {
    rules: report.rulesVersion,
    analyser: report.analyserVersion,
    options: report.options,
    training,
    photos: photos.sort(),
  };
  return createHash('sha256').update(canonicalJson(content)).digest('hex');
}
