import type { BaseModel } from '../core/base-model.ts';
import type { CurationReport } from '../curation/report/report.ts';
import { curateVersion, storeReport, trainingFacts } from './curated-version.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { currentStep } from './step.ts';

export interface CheckDatasetInput {
  readonly datasetId: string;
  /** What a training on it would use: for captions and the table of buckets. */
  readonly triggerWord: string;
  readonly baseModel: BaseModel;
  readonly resolution?: number | readonly number[];
}

export interface CheckedDataset {
  readonly version: string;
  readonly verdict: CurationReport['verdict'];
  readonly kept: number;
  readonly reserved: number;
  readonly dropped: number;
}

/**
 * Curates a dataset without a training and stores the report. A later training reuses the analyses, so no photo is
 * decoded again.
 */
export function checkDataset(deps: ActivityDependencies) {
  return async ({ datasetId, triggerWord, baseModel, resolution }: CheckDatasetInput): Promise<CheckedDataset> => {
    const step = currentStep();
    const training = trainingFacts(baseModel, triggerWord, { resolution });
    const curated = await curateVersion(deps, { datasetId, training }, step);
    await storeReport(deps, curated, null, step);
    const { verdict, kept, reserved, dropped } = curated.set.report;
    return { version: curated.version, verdict, kept, reserved, dropped };
  };
}
