/** Moves accepted photos into the object store and the database: all of them, or none. */
import { createReadStream } from 'node:fs';
import { atOnce } from '../../core/at-once.ts';
import type { NewImage, SavedImage } from '../../prisma/repositories/images.ts';
import type { ApiDeps } from '../deps.ts';
import type { StagedPhoto } from './intake.ts';

type StoreDeps = Pick<ApiDeps, 'repositories' | 'store' | 'logger'>;

const PARALLEL_PUTS = 4;

/** Stores each content once per user. The result has the order of the input. */
export async function storePhotos(
  deps: StoreDeps,
  userId: string,
  photos: readonly StagedPhoto[],
): Promise<SavedImage[]> {
  const images = photos.map(({ filename, mimeType, bytes, width, height, sha256, caption }): NewImage => {
    return { filename, mimeType, bytes, width, height, sha256, caption, storageKey: `images/${userId}/${sha256}` };
  });
  const created: string[] = [];
  try {
    await putAll(deps, photos, images, created);
    return await deps.repositories.photos.saveImages(userId, images);
  } catch (error) {
    await removeUnreferenced(deps, created);
    throw error;
  }
}

async function putAll(
  { store }: StoreDeps,
  photos: readonly StagedPhoto[],
  images: readonly NewImage[],
  created: string[],
): Promise<void> {
  const pending = new Map(images.map((image, index) => [image.storageKey, { image, photo: photos[index]! }]));
  await atOnce(PARALLEL_PUTS, [...pending.values()], async ({ image, photo }) => {
    if ((await store.head(image.storageKey)) !== null) return;
    created.push(image.storageKey);
    const { mimeType: contentType, bytes: sizeBytes, sha256 } = image;
    await store.put(image.storageKey, createReadStream(photo.path), { contentType, sizeBytes, sha256 });
  });
}

/**
 * Removes objects that this request made and no row points to. Another request may have stored a row for the same photo
 * meanwhile, so the database is asked first; when it does not answer, the objects stay: orphans do no harm.
 */
async function removeUnreferenced({ repositories, store, logger }: StoreDeps, keys: readonly string[]): Promise<void> {
  if (keys.length === 0) return;
  try {
    const wanted = await repositories.photos.referencedStorageKeys(keys);
    for (const key of keys) if (!wanted.has(key)) await store.delete(key);
  } catch (error) {
    logger.warn({ objects: keys.length, err: (error as Error).name }, 'photos of a failed upload could not be removed');
  }
}
