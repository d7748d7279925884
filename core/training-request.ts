/** A caller's request for a training, as checked by the API. Stored as `lora_models.config`. */
import type { BaseModel } from './base-model.ts';
import { parseBaseModel } from './base-model.ts';
import type { Destination } from './destination.ts';
import { destinationFaults } from './destination.ts';
import { gpuFaults, parseGpu } from './gpu.ts';
import { recipeFaults, triggerWordFaults } from './recipe.ts';
import type { RecipeOverrides } from './recipe.ts';

export interface ComputePreferences {
  /**
   * GPU types in order of preference (core/gpu.ts); our list for the base model when absent. Older rows hold a vendor's
   * ids.
   */
  readonly gpus?: readonly string[] | undefined;
  /** Also rent from community hosts (cheaper, less reliable) when no secure one is available. Default false. */
  readonly allowCommunity?: boolean | undefined;
  /** Highest price that may be paid. Micro-dollars per hour. */
  readonly maxHourlyMicroUsd?: number | undefined;
}

export interface TrainingRequest {
  readonly name: string;
  readonly baseModel: BaseModel;
  readonly triggerWord: string;
  readonly characterId: string | null;
  readonly datasetId: string;
  readonly recipe: RecipeOverrides;
  readonly compute: ComputePreferences;
  readonly destinations: readonly Destination[];
}

/** A request as it arrives: the base model may be an alias. */
export type TrainingRequestDraft = Omit<TrainingRequest, 'baseModel'> & { readonly baseModel: string };

export type ParsedTrainingRequest =
  | { readonly status: 'valid'; readonly request: TrainingRequest }
  | { readonly status: 'invalid'; readonly faults: readonly string[] };

/** The caller's id for a character becomes part of an object key, so few characters are allowed. */
const CHARACTER_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;
const MAX_DESTINATIONS = 5;
const MAX_GPUS = 10;

/** Checks a draft and lists all its faults at once. */
export function parseTrainingRequest(draft: TrainingRequestDraft): ParsedTrainingRequest {
  const faults: string[] = [];
  const baseModel = parseBaseModel(draft.baseModel);
  if (baseModel === null) faults.push(`baseModel "${draft.baseModel.slice(0, 40)}" is not known`);
  if (draft.name.trim() === '' || draft.name.length > 100) faults.push('name must have 1 to 100 characters');
  if (draft.characterId !== null && (!CHARACTER_ID.test(draft.characterId) || draft.characterId.includes('..'))) {
    faults.push('characterId must be 1 to 128 letters, digits, ".", "_" or "-"');
  }
  faults.push(...triggerWordFaults(draft.triggerWord), ...recipeFaults(draft.recipe));
  const { gpus, maxHourlyMicroUsd } = draft.compute;
  if (gpus !== undefined && (gpus.length < 1 || gpus.length > MAX_GPUS))
    faults.push(`compute.gpus must name 1 to ${MAX_GPUS} GPU types`);
  else faults.push(...gpuFaults(gpus ?? []));
  if (maxHourlyMicroUsd !== undefined && (!Number.isInteger(maxHourlyMicroUsd) || maxHourlyMicroUsd <= 0)) {
    faults.push('compute.maxHourlyMicroUsd must be a positive whole number');
  }
  if (draft.destinations.length > MAX_DESTINATIONS)
    faults.push(`destinations must have at most ${MAX_DESTINATIONS} entries`);
  draft.destinations.forEach((destination, index) => {
    faults.push(...destinationFaults(destination).map((fault) => `destinations[${index}].${fault}`));
  });
  if (baseModel === null || faults.length > 0) return { status: 'invalid', faults };
  const compute =
    gpus === undefined ? draft.compute : { ...draft.compute, gpus: gpus.map((gpu) => parseGpu(gpu) ?? gpu) };
  return { status: 'valid', request: { ...draft, baseModel, compute } };
}
