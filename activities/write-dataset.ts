import { atOnce } from '../core/at-once.ts';
import type { PhotoReport } from '../curation/report/report.ts';
import type { DatasetPhoto } from '../prisma/repositories/curation.ts';
import type { CuratedVersion } from './curated-version.ts';
import { readObject } from './dataset-manifest.ts';
import type { DatasetManifest, ManifestPhoto } from './dataset-manifest.ts';
import { placeOf } from './dataset-version.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { createOpeningLog } from './opening-log.ts';
import type { Step } from './step.ts';

/** Photos prepared at once: libvips works in its own threads, and each photo waits for the store in between. */
const PARALLEL = 4;

type KeptPhoto = PhotoReport & { readonly output: NonNullable<PhotoReport['output']> };

/**
 * Stores what goes to the pod in the object store and returns the manifest's key. Photos that an earlier try has
 * written are not prepared again; the manifest comes last, so it never names a missing photo.
 */
export async function writeDataset(deps: ActivityDependencies, curated: CuratedVersion, step: Step): Promise<string> {
  const { report } = curated.set;
  const kept = report.photos.filter((photo): photo is KeptPhoto => photo.output !== null);
  const entries = await atOnce(PARALLEL, kept, async (photo): Promise<ManifestPhoto> => {
    step.signal.throwIfAborted();
    const { filename, caption } = photo.output;
    const key = `${curated.folder}/${filename}`;
    const there = await deps.store.head(key, step.signal);
    const { sizeBytes } = there ?? (await prepare(deps, curated.photos.get(photo.id)!, key, step));
    step.heartbeat();
    return { filename, key, caption: caption.text, sizeBytes, ...placeOf(report, photo) };
  });
  const photos = entries.sort((a, b) => (a.filename < b.filename ? -1 : 1));
  const manifest: DatasetManifest = { version: curated.version, photos };
  const manifestKey = `${curated.folder}/manifest.json`;
  await deps.store.put(manifestKey, Buffer.from(JSON.stringify(manifest, null, 2)), {
    contentType: 'application/json',
    signal: step.signal,
  });
  return manifestKey;
}

/** A photo on which processes die throws; curated again, as Temporal does, it is dropped. */
async function prepare(deps: ActivityDependencies, { sha256, storageKey }: DatasetPhoto, key: string, step: Step) {
  const { signal } = step;
  const { jpeg } = await deps.curator.prepare(
    { sha256, read: () => readObject(deps.store, storageKey, signal) },
    { openings: createOpeningLog(deps.repositories), signal, onWait: () => step.heartbeat() },
  );
  return await deps.store.put(key, jpeg, { contentType: 'image/jpeg', signal });
}
