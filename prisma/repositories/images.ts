/** Photos as rows; their bytes are in the object store under their hash. */
import type { Database } from '../client.ts';
import type { TrainingImage } from '../generated/client.ts';

export interface NewImage {
  readonly filename: string;
  readonly mimeType: string;
  readonly bytes: number;
  readonly width: number;
  readonly height: number;
  readonly sha256: string;
  readonly storageKey: string;
  /** Undefined: the upload had none, and an earlier one stays. */
  readonly caption: string | undefined;
}

export interface SavedImage {
  readonly image: TrainingImage;
  /** True when the user had this photo before. */
  readonly duplicate: boolean;
}

/** Stores photos of one user, each content once; all or none. The result has the order of the input. */
export async function saveImages(
  database: Database,
  userId: string,
  images: readonly NewImage[],
): Promise<SavedImage[]> {
  const hashes = [...new Set(images.map((image) => image.sha256))];
  return database.$transaction(async (tx) => {
    const before = await tx.trainingImage.findMany({
      where: { userId, sha256: { in: hashes }, deletedAt: null },
      select: { sha256: true },
    });
    // The partial unique index (user, sha256) decides between two requests with the same photo.
    await tx.trainingImage.createMany({ data: images.map((image) => ({ ...image, userId })), skipDuplicates: true });
    // The last caption of a photo wins. In a fixed order, so that two requests cannot deadlock.
    const captions = new Map(
      images.flatMap(({ sha256, caption }) => (caption === undefined ? [] : [[sha256, caption]])),
    );
    for (const sha256 of [...captions.keys()].sort())
      await tx.trainingImage.updateMany({
        where: { userId, sha256, deletedAt: null },
        data: { caption: captions.get(sha256)! },
      });
    const rows = await tx.trainingImage.findMany({ where: { userId, sha256: { in: hashes }, deletedAt: null } });
    const seen = new Set(before.map((row) => row.sha256));
    return images.map(({ sha256 }) => {
      const image = rows.find((row) => row.sha256 === sha256);
      if (image === undefined) throw new Error(`photo ${sha256} was removed while it was being stored`);
      const duplicate = seen.has(sha256);
      seen.add(sha256);
      return { image, duplicate };
    });
  });
}

/** Which of these storage keys belong to a photo that still exists. */
export async function referencedStorageKeys(database: Database, storageKeys: readonly string[]): Promise<Set<string>> {
  const rows = await database.trainingImage.findMany({
    where: { storageKey: { in: [...storageKeys] }, deletedAt: null },
    select: { storageKey: true },
  });
  return new Set(rows.map((row) => row.storageKey));
}
