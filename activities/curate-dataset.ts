import { summarise } from '../curation/report/summary.ts';
import { loadTraining } from './begin-training.ts';
import { curateVersion, storeReport, trainingFacts } from './curated-version.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { enterPhase } from './fence.ts';
import { currentStep } from './step.ts';
import { writeDataset } from './write-dataset.ts';

export interface CurateDatasetInput {
  readonly trainingId: string;
  /** Attempts made so far: 0 unless a failed training is retried. */
  readonly attempt: number;
}

export type CuratedDataset =
  | {
      readonly status: 'accepted';
      readonly version: string;
      readonly manifestKey: string;
      readonly kept: number;
      /** Good photos held in reserve. */
      readonly reserved: number;
      readonly dropped: number;
    }
  /** Too few photos are left; the stored report says why each one was dropped. */
  | { readonly status: 'rejected'; readonly message: string };

/**
 * Curates a training's photos and stores what goes to the pod in the object store: upright sRGB JPEGs without metadata,
 * numbered, with their captions. The same photos, captions, options and rules give the same version and the same
 * manifest.
 */
export function curateDataset(deps: ActivityDependencies) {
  return async ({ trainingId, attempt }: CurateDatasetInput): Promise<CuratedDataset> => {
    const step = currentStep();
    const { datasetId, request } = await loadTraining(deps, trainingId);
    await enterPhase(deps, { trainingId, phase: 'curating', attempt });
    const training = trainingFacts(request.baseModel, request.triggerWord, request.recipe);
    const curated = await curateVersion(deps, { datasetId, training }, step);
    const { version } = curated;
    const { report } = curated.set;
    const manifestKey = report.verdict === 'blocked' ? null : await writeDataset(deps, curated, step);
    await storeReport(deps, curated, manifestKey, step);
    if (manifestKey === null) {
      const where = `GET /v1/datasets/${datasetId}/report?version=${version}`;
      return { status: 'rejected', message: `${summarise(report)} See the report: ${where}` };
    }
    const { kept, reserved, dropped } = report;
    return { status: 'accepted', version, manifestKey, kept, reserved, dropped };
  };
}
