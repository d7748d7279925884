import { TemperaError } from '../core/failure.ts';
import type { ObjectStore } from '../providers/storage/object-store.ts';

/** What of a dataset goes to the pod: written once per dataset version, read by the upload. */
export interface DatasetManifest {
  readonly version: string;
  readonly photos: readonly {
    /** `0001.jpg`; the caption goes beside it as `0001.txt`. */
    readonly filename: string;
    readonly key: string;
    readonly caption: string;
    readonly sizeBytes: number;
  }[];
}

/** Reads an object whole; only for small ones (a manifest, one photo). Throws INTERNAL when it is not there. */
export async function readObject(store: ObjectStore, key: string, signal?: AbortSignal): Promise<Buffer> {
  const object = await store.get(key, signal ? { signal } : {});
  if (!object) throw new TemperaError('INTERNAL', `The object ${key} is not in the store`, { retryable: false });
  const chunks: Buffer[] = [];
  for await (const chunk of object.body) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

export async function readManifest(store: ObjectStore, key: string, signal?: AbortSignal): Promise<DatasetManifest> {
  // Written by curateDataset, so its shape is ours.
  return JSON.parse((await readObject(store, key, signal)).toString('utf8')) as DatasetManifest;
}
