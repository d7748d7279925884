/** What determines how a dataset is curated: photos with their overrides, and options. */
import type { CurationOptionsDraft, PhotoOverride } from '../../core/curation.ts';
import type { Database } from '../client.ts';
import { asCurationOptions } from './datasets.ts';
import { latestOverrides } from './overrides.ts';

export interface DatasetPhoto {
  readonly id: string;
  readonly sha256: string;
  readonly filename: string;
  readonly storageKey: string;
  readonly caption: string | null;
  /** The latest override of this photo; null when there is none or it was removed. */
  readonly override: PhotoOverride | null;
}

export interface DatasetToCurate {
  readonly options: CurationOptionsDraft;
  /** In the caller's order. */
  readonly photos: readonly DatasetPhoto[];
}

/** Everything that determines how a dataset is curated; null when there is no such dataset. */
export async function datasetToCurate(database: Database, datasetId: string): Promise<DatasetToCurate | null> {
  const dataset = await database.dataset.findUnique({
    where: { id: datasetId },
    select: {
      curation: true,
      items: {
        orderBy: { position: 'asc' },
        select: { caption: true, image: { select: { id: true, sha256: true, filename: true, storageKey: true } } },
      },
    },
  });
  if (dataset === null) return null;
  const overrides = await latestOverrides(database, datasetId);
  return {
    options: asCurationOptions(dataset.curation),
    photos: dataset.items.map(({ caption, image }) => ({
      ...image,
      caption,
      override: overrides.get(image.sha256) ?? null,
    })),
  };
}
