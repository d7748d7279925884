/** Curating a stored dataset: what `curateDataset` and `checkDataset` have in common. */
import type { BaseModel } from '../core/base-model.ts';
import { BASE_MODEL_FACTS } from '../core/base-model.ts';
import type { Captioner } from '../core/captioner.ts';
import { resolveCurationOptions } from '../core/curation.ts';
import { TemperaError } from '../core/failure.ts';
import { resolveRecipe } from '../core/recipe.ts';
import type { RecipeOverrides } from '../core/recipe.ts';
import type { CuratedSet, TrainingFacts } from '../curation/contract.ts';
import { renderContactSheet } from '../curation/report/contact-sheet.ts';
import { renderReport } from '../curation/report/html.ts';
import type { DatasetPhoto } from '../prisma/repositories/curation.ts';
import { createAnalysisCache } from './analysis-cache.ts';
import { findObject, readObject } from './dataset-manifest.ts';
import { datasetVersion } from './dataset-version.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { createOpeningLog } from './opening-log.ts';
import { keepAlive } from './step.ts';
import type { Step } from './step.ts';

export interface CuratedVersion {
  readonly datasetId: string;
  /** Hex SHA-256 of everything that determines what is trained on. */
  readonly version: string;
  /** Where this version's objects are in the object store. */
  readonly folder: string;
  readonly set: CuratedSet;
  /** By id. */
  readonly photos: ReadonlyMap<string, DatasetPhoto>;
}

/** What curation must know about a training. */
export function trainingFacts(baseModel: BaseModel, triggerWord: string, recipe: RecipeOverrides): TrainingFacts {
  const { resolution } = resolveRecipe(baseModel, triggerWord, recipe);
  return {
    triggerWord,
    resolutions: resolution.toSorted((a, b) => a - b),
    divisor: BASE_MODEL_FACTS[baseModel].sideDivisor,
  };
}

/** Decides on every photo of a dataset, with its current options and overrides. Stores nothing but analyses. */
export async function curateVersion(
  deps: ActivityDependencies,
  { datasetId, training }: { readonly datasetId: string; readonly training: TrainingFacts },
  step: Step,
): Promise<CuratedVersion> {
  const dataset = await deps.repositories.curation.datasetToCurate(datasetId);
  if (dataset === null)
    throw new TemperaError('INTERNAL', `There is no dataset ${datasetId}`, { ids: { datasetId }, retryable: false });
  const set = await deps.curator.curate({
    photos: dataset.photos.map((photo) => ({
      ...photo,
      read: () => readObject(deps.store, photo.storageKey, step.signal),
    })),
    options: resolveCurationOptions(dataset.options),
    training,
    cache: createAnalysisCache(deps.store, step.signal),
    openings: createOpeningLog(deps.repositories),
    captioner: deps.captioner && heartbeatingCaptioner(deps.captioner, step),
    signal: step.signal,
    onProgress: () => step.heartbeat(),
  });
  const version = datasetVersion(set.report, training);
  const photos = new Map(dataset.photos.map((photo) => [photo.id, photo]));
  return { datasetId, version, folder: `datasets/${datasetId}/${version}`, set, photos };
}

/** A model may take longer than a worker may be silent; every request to it has a time limit of its own. */
function heartbeatingCaptioner(captioner: Captioner, step: Step): Captioner {
  return { name: captioner.name, describe: (picture) => keepAlive(step, captioner.describe(picture)) };
}

/**
 * Stores the report as JSON, page and contact sheet; the row comes last, so it never names a missing file. The JSON is
 * written after the other two: if an identical one is already stored, they need not be drawn again.
 */
export async function storeReport(
  deps: ActivityDependencies,
  { datasetId, version, folder, set }: CuratedVersion,
  manifestKey: string | null,
  step: Step,
): Promise<void> {
  const { report } = set;
  const htmlKey = `${folder}/report.html`;
  const contactSheetKey = `${folder}/contact-sheet.png`;
  const put = async (key: string, contentType: string, bytes: Uint8Array) => {
    await deps.store.put(key, bytes, { contentType, signal: step.signal });
    step.heartbeat();
  };
  const json = Buffer.from(JSON.stringify(report, null, 2));
  const jsonKey = `${folder}/report.json`;
  if (!(await findObject(deps.store, jsonKey, step.signal))?.equals(json)) {
    await put(htmlKey, 'text/html; charset=utf-8', Buffer.from(renderReport(set)));
    await put(contactSheetKey, 'image/png', await renderContactSheet(set));
    await put(jsonKey, 'application/json', json);
  }
  const { verdict, kept, reserved, dropped } = report;
  await deps.repositories.curation.saveCurationReport({
    datasetId,
    version,
    verdict,
    kept,
    reserved,
    dropped,
    report,
    manifestKey,
    htmlKey,
    contactSheetKey,
  });
}
