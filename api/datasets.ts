import type { Static } from '@fastify/type-provider-typebox';
import { createDataset, findDataset } from '../prisma/repositories/datasets.ts';
import type { DatasetWithItems } from '../prisma/repositories/datasets.ts';
import type { ApiDeps } from './deps.ts';
import { invalid, notFound } from './errors.ts';
import type { DatasetBody } from './schemas/images.ts';

/** Makes a dataset of the user's photos. Throws ApiError 422 for photos or captions that do not belong. */
export async function makeDataset(deps: ApiDeps, userId: string, body: Static<typeof DatasetBody>) {
  const { name, imageIds, captions = {} } = body;
  const strays = Object.keys(captions).filter((id) => !imageIds.includes(id));
  if (strays.length > 0) throw invalid(strays.map((id) => `captions: ${id} is not in imageIds`));
  const made = await createDataset(deps.database, userId, { name, imageIds, captions });
  if (made.status === 'unknown_images')
    throw invalid(made.imageIds.map((id) => `imageIds: ${id} is not one of your photos`));
  return getDataset(deps, userId, made.datasetId);
}

/** A dataset of this user. Throws ApiError 404. */
export async function getDataset(deps: ApiDeps, userId: string, datasetId: string) {
  const dataset = await findDataset(deps.database, userId, datasetId);
  if (dataset === null) throw notFound('dataset');
  return datasetView(dataset);
}

function datasetView({ id, name, createdAt, items }: DatasetWithItems) {
  const images = items.map(({ caption, image }) => {
    const { filename, sha256, width, height, bytes } = image;
    return { id: image.id, filename, sha256, width, height, bytes, caption };
  });
  return { id, name, createdAt: createdAt.toISOString(), images };
}
