/** Making, reading and changing datasets. */
import { curationOptionFaults, resolveCurationOptions } from '../../core/curation.ts';
import type { CurationOptionsDraft } from '../../core/curation.ts';
import type { DatasetWithItems } from '../../prisma/repositories/datasets.ts';
import type { ApiDeps } from '../deps.ts';
import { invalid, notFound } from '../errors.ts';
import type { DatasetBody, DatasetPatch } from '../schemas/datasets.ts';

/** The body's curation options, or everything that is wrong with them. */
export type CheckedCuration =
  | { readonly status: 'valid'; readonly curation: CurationOptionsDraft }
  | { readonly status: 'invalid'; readonly faults: readonly string[] };

/** Checks the curation options of a request. */
export function checkCuration(body: DatasetBody['curation'] = {}): CheckedCuration {
  // The schema has checked the types; the allowed words are checked here.
  const curation = body as CurationOptionsDraft;
  const faults = curationOptionFaults(curation).map((fault) => `curation.${fault}`);
  return faults.length > 0 ? { status: 'invalid', faults } : { status: 'valid', curation };
}

/** Creates a dataset from the user's photos. Throws ApiError 422 for photos, captions or options that do not fit. */
export async function makeDataset(deps: ApiDeps, userId: string, body: DatasetBody) {
  const { name, imageIds, captions = {} } = body;
  const strays = Object.keys(captions).filter((id) => !imageIds.includes(id));
  const checked = checkCuration(body.curation);
  const faults = strays.map((id) => `captions: ${id} is not in imageIds`);
  if (checked.status === 'invalid') throw invalid([...faults, ...checked.faults]);
  if (faults.length > 0) throw invalid(faults);
  const made = await deps.repositories.datasets.createDataset(userId, {
    name,
    imageIds,
    captions,
    curation: checked.curation,
  });
  if (made.status === 'unknown_images')
    throw invalid(made.imageIds.map((id) => `imageIds: ${id} is not one of your photos`));
  return getDataset(deps, userId, made.datasetId);
}

/** A dataset of this user. Throws ApiError 404. */
export async function getDataset(deps: ApiDeps, userId: string, datasetId: string) {
  const dataset = await deps.repositories.datasets.findDataset(userId, datasetId);
  if (dataset === null) throw notFound('dataset');
  return datasetView(dataset);
}

/** Changes individual curation options; null resets one to its default. Throws ApiError 404 and 422. */
export async function changeDataset(deps: ApiDeps, userId: string, datasetId: string, { curation }: DatasetPatch) {
  const found = await deps.repositories.datasets.changeCurationOptions(userId, datasetId, (stored) => {
    const merged = Object.entries({ ...stored, ...curation }).filter(([, value]) => value !== null);
    const checked = checkCuration(Object.fromEntries(merged));
    if (checked.status === 'invalid') throw invalid(checked.faults);
    return checked.curation;
  });
  if (!found) throw notFound('dataset');
  return getDataset(deps, userId, datasetId);
}

function datasetView({ id, name, createdAt, curation, items }: DatasetWithItems) {
  const images = items.map(({ caption, image }) => {
    const { filename, sha256, width, height, bytes } = image;
    return { id: image.id, filename, sha256, width, height, bytes, caption };
  });
  const options = resolveCurationOptions(curation);
  return { id, name, createdAt: createdAt.toISOString(), curation: options, images };
}
