import type { Readable } from 'node:stream';
import type { Framing } from '../core/curation.ts';
import { TemperaError } from '../core/failure.ts';
import type { ObjectStore } from '../providers/storage/object-store.ts';
import type { DatasetFolder } from '../providers/trainers/trainer.ts';

/** The part of a dataset that goes to the pod: written once per dataset version, read by the upload. */
export interface DatasetManifest {
  readonly version: string;
  readonly photos: readonly ManifestPhoto[];
}

export interface ManifestPhoto {
  /** `0001.jpg`; the caption goes beside it as `0001.txt`. */
  readonly filename: string;
  readonly key: string;
  readonly caption: string;
  readonly sizeBytes: number;
  /** Its framing when the set is weighted by framing, else empty. */
  readonly folder: '' | Framing;
  /** How many times an epoch shows it; the same for all photos in a folder. */
  readonly repeats: number;
}

/** Opens an object for reading. Throws INTERNAL when it is not there. */
export async function openObject(store: ObjectStore, key: string, signal: AbortSignal): Promise<Readable> {
  const object = await store.get(key, { signal });
  if (object === null) throw missing(key);
  return object.body;
}

function missing(key: string): TemperaError {
  return new TemperaError('INTERNAL', `The object ${key} is not in the store`, { retryable: false });
}

/** Reads an object whole; only for small ones (a manifest, one photo). Throws INTERNAL when it is not there. */
export async function readObject(store: ObjectStore, key: string, signal?: AbortSignal): Promise<Buffer> {
  const bytes = await findObject(store, key, signal);
  if (bytes === null) throw missing(key);
  return bytes;
}

/** Reads a small object whole; null when it is not there. */
export async function findObject(store: ObjectStore, key: string, signal?: AbortSignal): Promise<Buffer | null> {
  const object = await store.get(key, signal ? { signal } : {});
  if (object === null) return null;
  const chunks: Buffer[] = [];
  for await (const chunk of object.body) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

export async function readManifest(store: ObjectStore, key: string, signal?: AbortSignal): Promise<DatasetManifest> {
  return parseManifest((await readObject(store, key, signal)).toString('utf8'));
}

/**
 * Manifests are written by curateDataset, so their shape is known; older ones, from before folders, lack two fields.
 */
export function parseManifest(text: string): DatasetManifest {
  const { version, photos } = JSON.parse(text) as {
    version: string;
    photos: (Omit<ManifestPhoto, 'folder' | 'repeats'> & Partial<ManifestPhoto>)[];
  };
  return { version, photos: photos.map((photo) => ({ folder: '', repeats: 1, ...photo })) };
}

/** The folders of a dataset, sorted by name. Throws INTERNAL when photos of one folder have different repeats. */
export function foldersOf({ version, photos }: DatasetManifest): DatasetFolder[] {
  const repeatsOf = new Map<string, number>();
  for (const { folder, repeats } of photos) {
    const others = repeatsOf.get(folder) ?? repeats;
    if (others !== repeats) {
      throw new TemperaError('INTERNAL', `Photos of folder "${folder}" are repeated ${others} and ${repeats} times`, {
        ids: { version },
      });
    }
    repeatsOf.set(folder, repeats);
  }
  return [...repeatsOf].map(([name, repeats]) => ({ name, repeats })).sort((a, b) => (a.name < b.name ? -1 : 1));
}
