/** What a training is asked for: kinds that meet faults and acts like any other kind. */
import type { BaseModel } from '../core/base-model.ts';
import type { DestinationKind } from '../core/destination.ts';

export interface PlannedRequest {
  readonly baseModel: BaseModel;
  readonly destinations: readonly DestinationKind[];
  readonly samples: boolean;
  readonly ceiling: boolean;
}

/** Wan 2.2 has two files in every save and in its artifact. */
const MODELS = ['z-image-turbo', 'flux', 'sdxl', 'wan-2.2'] as const;

/** Each dimension by the names of its kinds; of each a training has exactly one. */
const REQUEST_KINDS = {
  model: Object.fromEntries(MODELS.map((model) => [`model:${model}`, { baseModel: model }])),
  publish: {
    'publish:hub': { destinations: ['huggingface'] },
    'publish:s3': { destinations: ['s3'] },
    'publish:both': { destinations: ['huggingface', 's3'] },
  },
  samples: { 'samples:on': { samples: true }, 'samples:off': { samples: false } },
  ceiling: { 'ceiling:named': { ceiling: true }, 'ceiling:none': { ceiling: false } },
} as const satisfies Record<string, Record<string, Partial<PlannedRequest>>>;

export const REQUEST_DIMENSIONS: readonly (readonly string[])[] = Object.values(REQUEST_KINDS).map(Object.keys);

/** The request that these kinds, one of each dimension, describe. */
export function requestOf(kinds: readonly string[]): PlannedRequest {
  const parts = Object.values(REQUEST_KINDS).flatMap((dimension) =>
    Object.entries(dimension).flatMap(([kind, part]) => (kinds.includes(kind) ? [part] : [])),
  );
  return Object.assign({}, ...parts) as PlannedRequest;
}
