import type { AnalysisCache } from '../curation/contract.ts';
import type { ObjectStore } from '../providers/storage/object-store.ts';
import { findObject } from './dataset-manifest.ts';

/**
 * Keeps the measurements of photos in the object store. Keys name a photo's content, so identical photos share them
 * across users. Errors of the store pass through: an unreachable store is no reason to decode everything again.
 */
export function createAnalysisCache(store: ObjectStore, signal: AbortSignal): AnalysisCache {
  return {
    get: (key) => findObject(store, `analyses/${key}`, signal),
    async put(key, bytes) {
      await store.put(`analyses/${key}`, bytes, { contentType: 'application/octet-stream', signal });
    },
  };
}
