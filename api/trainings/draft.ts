/** From a request's body to a checked training request. */
import type { CurationOptionsDraft } from '../../core/curation.ts';
import { DEFAULT_INTERVALS } from '../../core/interval.ts';
import type { Intervals } from '../../core/interval.ts';
import { parseUsd } from '../../core/money.ts';
import { parseTrainingRequest } from '../../core/training-request.ts';
import type { TrainingRequest } from '../../core/training-request.ts';
import { checkCuration } from '../datasets/datasets.ts';
import { invalid } from '../errors.ts';
import type { TrainingBody } from '../schemas/trainings.ts';

/** An existing dataset with its own curation options, or photos to make one from. */
export type PhotoChoice =
  | { readonly datasetId: string }
  | { readonly imageIds: readonly string[]; readonly curation: CurationOptionsDraft };

export interface CheckedTraining {
  readonly request: Omit<TrainingRequest, 'datasetId'>;
  readonly photos: PhotoChoice;
  /** What the training may cost in total; null: not specified. Micro-dollars. */
  readonly maxCostMicroUsd: number | null;
  readonly intervals?: Partial<Intervals> | undefined;
}

/** Checks everything at once; throws ApiError 422 VALIDATION with one sentence per fault. */
export function checkTraining(body: TrainingBody, allowTestIntervals: boolean): CheckedTraining {
  const { datasetId, imageIds } = body;
  const faults: string[] = [];
  if ((datasetId === undefined) === (imageIds === undefined))
    faults.push('exactly one of datasetId and imageIds must be given');
  const curation = checkCuration(body.curation);
  if (curation.status === 'invalid') faults.push(...curation.faults);
  if (datasetId !== undefined && body.curation !== undefined)
    faults.push('curation belongs to the dataset: change it with PATCH /v1/datasets/:id');
  if (body.intervals !== undefined) faults.push(...intervalFaults(body.intervals, allowTestIntervals));
  const maxCostMicroUsd = body.maxCostUsd === undefined ? null : parseUsd(body.maxCostUsd);
  if (body.maxCostUsd !== undefined && maxCostMicroUsd === null)
    faults.push('maxCostUsd must be an amount of dollars from 0.0001 to 1000000');
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
  if (parsed.status === 'invalid' || curation.status === 'invalid' || faults.length > 0) throw invalid(faults);
  const { datasetId: _, ...request } = parsed.request;
  const photos = datasetId === undefined ? { imageIds: imageIds ?? [], curation: curation.curation } : { datasetId };
  return { request, photos, maxCostMicroUsd, intervals: body.intervals };
}

/** What is wrong with the intervals of a request, which only the demo and tests may send. */
export function intervalFaults(intervals: Readonly<Record<string, unknown>>, allowed: boolean): string[] {
  if (!allowed) return ['intervals cannot be set by clients'];
  return Object.entries(intervals).flatMap(([name, value]) => {
    if (!Object.hasOwn(DEFAULT_INTERVALS, name)) return [`intervals.${name} is unknown`];
    const numbers = name === 'capacityWaitMs' ? value : [value];
    const good =
      Array.isArray(numbers) && numbers.length > 0 && numbers.every((one) => typeof one === 'number' && one >= 0);
    return good ? [] : [`intervals.${name} must be a number that is not negative`];
  });
}
