/** From a request's body to a checked training request. */
import { DEFAULT_INTERVALS } from '../../core/interval.ts';
import type { Intervals } from '../../core/interval.ts';
import { parseTrainingRequest } from '../../core/training-request.ts';
import type { TrainingRequest } from '../../core/training-request.ts';
import { invalid } from '../errors.ts';
import type { TrainingBody } from '../schemas/trainings.ts';

export type PhotoChoice = { readonly datasetId: string } | { readonly imageIds: readonly string[] };

export interface CheckedTraining {
  readonly request: Omit<TrainingRequest, 'datasetId'>;
  readonly photos: PhotoChoice;
  readonly intervals?: Partial<Intervals> | undefined;
}

/** Checks everything at once; throws ApiError 422 VALIDATION with one sentence per fault. */
export function checkTraining(body: TrainingBody, allowTestIntervals: boolean): CheckedTraining {
  const { datasetId, imageIds } = body;
  const faults: string[] = [];
  if ((datasetId === undefined) === (imageIds === undefined))
    faults.push('exactly one of datasetId and imageIds must be given');
  if (body.intervals !== undefined) faults.push(...intervalFaults(body.intervals, allowTestIntervals));
  const parsed = parseTrainingRequest({
    name: body.name ?? body.triggerWord,
    baseModel: body.baseModel,
    triggerWord: body.triggerWord,
    characterId: body.characterId ?? null,
    datasetId: datasetId ?? '',
    recipe: body.recipe ?? {},
    compute: body.compute ?? {},
    destinations: body.destinations ?? [],
  });
  if (parsed.status === 'invalid') faults.push(...parsed.faults);
  if (parsed.status === 'invalid' || faults.length > 0) throw invalid(faults);
  const { datasetId: _, ...request } = parsed.request;
  const photos = datasetId === undefined ? { imageIds: imageIds ?? [] } : { datasetId };
  return { request, photos, intervals: body.intervals };
}

function intervalFaults(intervals: Readonly<Record<string, unknown>>, allowed: boolean): string[] {
  if (!allowed) return ['intervals cannot be set from outside'];
  return Object.entries(intervals).flatMap(([name, value]) => {
    if (!Object.hasOwn(DEFAULT_INTERVALS, name)) return [`intervals.${name} is not known`];
    const numbers = name === 'capacityWaitMs' ? value : [value];
    const good =
      Array.isArray(numbers) && numbers.length > 0 && numbers.every((one) => typeof one === 'number' && one >= 0);
    return good ? [] : [`intervals.${name} must be a number of at least 0`];
  });
}
