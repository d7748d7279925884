/** A person's decisions about individual photos: who decided what, and why. */
import type { OverrideRow } from '../../prisma/repositories/overrides.ts';
import type { ApiDeps } from '../deps.ts';
import { invalid, notFound } from '../errors.ts';
import type { OverrideBody } from '../schemas/datasets.ts';

interface PhotoOfDataset {
  readonly userId: string;
  readonly userName: string;
  readonly datasetId: string;
  readonly sha256: string;
}

/** Overrides curation for a photo, replacing any earlier override. Throws ApiError 404 and 422. */
export async function overrulePhoto(deps: ApiDeps, photo: PhotoOfDataset, body: OverrideBody) {
  const { decision = null, framing = null, caption = null, why = null } = body;
  if (decision === null && framing === null && caption === null)
    throw invalid(['at least one of decision, framing and caption must be given; DELETE removes an override']);
  if (caption !== null && caption.trim() === '') throw invalid(['caption must not be blank']);
  const { datasetId, sha256, userName: by } = await requirePhoto(deps, photo);
  return overrideView(
    await deps.repositories.curation.addOverride({ datasetId, sha256, decision, framing, caption, by, why }),
  );
}

/** Removes the override of a photo; does nothing when there is none. Throws ApiError 404. */
export async function takeOverrideBack(deps: ApiDeps, photo: PhotoOfDataset): Promise<void> {
  const { datasetId, sha256, userName: by } = await requirePhoto(deps, photo);
  if ((await deps.repositories.curation.latestOverride(datasetId, sha256)) === null) return;
  const nothing = { decision: null, framing: null, caption: null, why: null };
  await deps.repositories.curation.addOverride({ datasetId, sha256, by, ...nothing });
}

/** One page of the history of a dataset's overrides, newest first. Throws ApiError 404. */
export async function pageOfOverrides(
  deps: ApiDeps,
  userId: string,
  datasetId: string,
  { cursor, limit = 100 }: { readonly cursor?: string; readonly limit?: number },
) {
  if (!(await deps.repositories.datasets.ownsDataset(userId, datasetId))) throw notFound('dataset');
  const before = cursor === undefined ? undefined : BigInt(cursor);
  const rows = await deps.repositories.curation.listOverrides({ datasetId, before, limit: limit + 1 });
  const page = rows.slice(0, limit);
  return {
    overrides: page.map(overrideView),
    nextCursor: rows.length > limit ? String(page.at(-1)!.seq) : null,
  };
}

async function requirePhoto(deps: ApiDeps, photo: PhotoOfDataset): Promise<PhotoOfDataset> {
  const there = await deps.repositories.datasets.hasPhoto(photo.userId, photo.datasetId, photo.sha256);
  if (there === null) throw notFound('dataset');
  if (!there) throw notFound('photo in this dataset');
  return photo;
}

function overrideView({ sha256, decision, framing, caption, by, why, createdAt }: OverrideRow) {
  return { sha256, decision, framing, caption, by, why, createdAt: createdAt.toISOString() };
}
