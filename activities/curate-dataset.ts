import { captionFor } from '../curation/captions/caption.ts';
import { curatePhotos } from '../curation/curate.ts';
import { preparePhoto } from '../curation/prepare.ts';
import { datasetVersion, summarise } from '../curation/old-report.ts';
import type { DatasetPhoto } from '../prisma/repositories/curation.ts';
import { loadTraining } from './begin-training.ts';
import { readObject } from './dataset-manifest.ts';
import type { DatasetManifest } from './dataset-manifest.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { currentStep } from './step.ts';

export interface CurateDatasetInput {
  readonly trainingId: string;
  /** Attempts made so far: 0 unless a failed training is retried. */
  readonly attempt: number;
}

export type CuratedDataset =
  | {
      readonly status: 'accepted';
      readonly version: string;
      readonly manifestKey: string;
      readonly kept: number;
      readonly dropped: number;
    }
  /** Too few photos are left; the stored report says why each one was dropped. */
  | { readonly status: 'rejected'; readonly message: string };

/**
 * Curates the photos of a training and puts what goes to the pod into the object store: upright sRGB JPEGs without metadata,
 * numbered, with their captions. The same photos, captions and rules give the same version and the same manifest.
 */
export function curateDataset(deps: ActivityDependencies) {
  return async ({ trainingId, attempt }: CurateDatasetInput): Promise<CuratedDataset> => {
    const step = currentStep();
    const training = await loadTraining(deps, trainingId);
    await deps.repositories.trainings.recordPhase({ trainingId, phase: 'curating', attempt });
    const photos = await deps.repositories.curation.datasetPhotos(training.datasetId);
    const report = await curatePhotos({
      photos: photos.map((photo) => ({ ...photo, read: () => readObject(deps.store, photo.storageKey, step.signal) })),
      signal: step.signal,
      onPhoto: () => step.heartbeat(),
    });
    const byId = new Map(photos.map((photo) => [photo.id, photo]));
    const kept = report.photos
      .filter((photo) => photo.decision === 'keep')
      .map((photo) => byId.get(photo.id)!)
      .toSorted((a, b) => (a.sha256 < b.sha256 ? -1 : 1))
      .map((photo) => ({
        photo,
        caption: captionFor({
          triggerWord: training.request.triggerWord,
          framing: null,
          own: photo.caption,
          vision: null,
        }).text,
      }));
    const version = datasetVersion(kept.map(({ photo, caption }) => ({ sha256: photo.sha256, caption })));
    const manifestKey = `datasets/${training.datasetId}/${version}/manifest.json`;
    if (report.accepted) await writeDataset(deps, manifestKey, version, kept, step);
    await deps.repositories.curation.saveCurationReport({
      datasetId: training.datasetId,
      version,
      accepted: report.accepted,
      kept: report.kept,
      dropped: report.dropped,
      report,
      manifestKey: report.accepted ? manifestKey : null,
    });
    if (!report.accepted) return { status: 'rejected', message: summarise(report) };
    return { status: 'accepted', version, manifestKey, kept: report.kept, dropped: report.dropped };
  };
}

interface KeptPhoto {
  readonly photo: DatasetPhoto;
  readonly caption: string;
}

/** Photos that an earlier try has written are not made again; the manifest comes last, so it never names a missing photo. */
async function writeDataset(
  deps: ActivityDependencies,
  manifestKey: string,
  version: string,
  kept: readonly KeptPhoto[],
  step: ReturnType<typeof currentStep>,
) {
  const folder = manifestKey.slice(0, manifestKey.lastIndexOf('/'));
  const photos: DatasetManifest['photos'][number][] = [];
  for (const [index, { photo, caption }] of kept.entries()) {
    step.signal.throwIfAborted();
    const filename = `${String(index + 1).padStart(4, '0')}.jpg`;
    const key = `${folder}/${filename}`;
    const there = await deps.store.head(key, step.signal);
    const stored = there ?? (await prepare(deps, photo, key, step.signal));
    photos.push({ filename, key, caption, sizeBytes: stored.sizeBytes });
    step.heartbeat();
  }
  const manifest: DatasetManifest = { version, photos };
  await deps.store.put(manifestKey, Buffer.from(JSON.stringify(manifest, null, 2)), {
    contentType: 'application/json',
    signal: step.signal,
  });
}

async function prepare(deps: ActivityDependencies, photo: DatasetPhoto, key: string, signal: AbortSignal) {
  const { jpeg } = await preparePhoto(await readObject(deps.store, photo.storageKey, signal));
  return await deps.store.put(key, jpeg, { contentType: 'image/jpeg', signal });
}
