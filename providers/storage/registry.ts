import { createFilesystemStore } from './filesystem.ts';
import type { ObjectStore } from './object-store.ts';
import { createS3Store } from './s3.ts';
import type { S3StoreOptions } from './s3.ts';

interface StoreSettings {
  readonly objectStore:
    | { readonly kind: 'filesystem'; readonly root: string }
    | ({ readonly kind: 's3' } & S3StoreOptions);
  readonly secret: string;
  readonly api: { readonly publicUrl: string };
}

/** Builds the configured object store. */
export function createObjectStore({ objectStore, secret, api }: StoreSettings): ObjectStore {
  switch (objectStore.kind) {
    case 'filesystem':
      return createFilesystemStore({ root: objectStore.root, secret, publicUrl: api.publicUrl });
    case 's3':
      return createS3Store(objectStore);
  }
}
