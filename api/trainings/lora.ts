/** Translates the founding documents' requests and answers to and from ours. */
import type { Static } from '@fastify/type-provider-typebox';
import type { TrainingRow } from '../../prisma/repositories/trainings.ts';
import type { ApiDeps } from '../deps.ts';
import { invalid } from '../errors.ts';
import type { LoraStartBody, LoraStatus } from '../schemas/lora.ts';
import { recipeOfFounding } from '../schemas/recipe.ts';
import { artifactLinks } from './artifact.ts';
import { checkTraining } from './draft.ts';
import type { CheckedTraining } from './draft.ts';
import { isoTime } from './view.ts';

/** Checks a request before anything is fetched, then fetches its images. */
export async function prepareLora(
  deps: ApiDeps,
  body: LoraStartBody,
  importUrls: (urls: readonly string[]) => Promise<string[]>,
): Promise<CheckedTraining> {
  const { imageUrls, imageIds, datasetId, characterId, baseModel, triggerWord } = body;
  const { curation, destinations, maxCostUsd, intervals } = body;
  if ([imageUrls, imageIds, datasetId].filter((given) => given !== undefined).length !== 1)
    throw invalid(['exactly one of imageUrls, imageIds and datasetId must be given']);
  const checked = checkTraining(
    {
      characterId,
      baseModel,
      triggerWord,
      ...(datasetId === undefined ? { imageIds: imageIds ?? [] } : { datasetId }),
      ...(curation === undefined ? {} : { curation }),
      ...(destinations === undefined ? {} : { destinations }),
      ...(maxCostUsd === undefined ? {} : { maxCostUsd }),
      intervals,
      recipe: recipeOfFounding(body),
    },
    deps.settings.allowTestIntervals === true,
  );
  if (imageUrls === undefined || 'datasetId' in checked.photos) return checked;
  return { ...checked, photos: { ...checked.photos, imageIds: await importUrls(imageUrls) } };
}

export function loraStatus(row: TrainingRow): Static<typeof LoraStatus> {
  const {
    characterId,
    status,
    phase,
    reason,
    message,
    externalProvider,
    workflowId,
    modelPath,
    modelUrl,
    trainingCost,
    retryCount,
  } = row;
  const { progressStep: step, progressTotal: totalSteps } = row;
  return {
    loraModelId: row.id,
    characterId,
    status,
    phase,
    progress: { step, totalSteps, percent: totalSteps === 0 ? 0 : Math.round((step / totalSteps) * 1_000) / 10 },
    reason,
    message,
    externalProvider,
    trainingJobId: workflowId,
    modelPath,
    modelUrl,
    trainingCost,
    retryCount,
    trainingStartedAt: isoTime(row.trainingStartedAt),
    trainingCompletedAt: isoTime(row.trainingCompletedAt),
  };
}

/**
 * Links to every file of the artifact; the founding documents' own fields are those of the first. Throws ApiError 409
 * NOT_READY.
 */
export async function loraDownload(deps: ApiDeps, userId: string, loraModelId: string) {
  const { training, files } = await artifactLinks(deps, userId, loraModelId);
  const { name: filename, url: modelUrl, sizeBytes, sha256, expiresAt } = files[0]!;
  return { loraModelId, modelPath: training.modelPath, modelUrl, filename, sizeBytes, sha256, expiresAt, files };
}
