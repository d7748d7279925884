/** One upload from the first byte to the answer; nothing of it stays when nothing is accepted or anything fails. */
import type { Multipart } from '@fastify/multipart';
import type { Static } from '@fastify/type-provider-typebox';
import type { ApiDeps } from '../deps.ts';
import { ApiError } from '../errors.ts';
import type { UploadAnswer } from '../schemas/images.ts';
import { createIntake } from './intake.ts';
import { receiveUpload } from './receive-upload.ts';
import { storePhotos } from './store-photos.ts';

export async function uploadImages(
  deps: ApiDeps,
  userId: string,
  parts: AsyncIterable<Multipart>,
): Promise<Static<typeof UploadAnswer>> {
  const intake = await createIntake(deps.settings.home, deps.inspectPhoto);
  try {
    await receiveUpload(parts, intake);
    const { photos, rejected } = intake.result();
    if (photos.length === 0) {
      const details = rejected.map(({ filename, code, message }) => `${filename}: ${code}. ${message}`);
      throw new ApiError(422, 'NO_PHOTOS', 'No file of this upload is a photo that can be used.', { details });
    }
    const saved = await storePhotos(deps, userId, photos);
    const images = saved.map(({ image, duplicate }, index) => {
      const { id, sha256, width, height, bytes } = image;
      const { filename, caption } = photos[index]!;
      return { id, sha256, filename, width, height, bytes, duplicate, ...(caption === undefined ? {} : { caption }) };
    });
    return { images, rejected };
  } finally {
    await intake.dispose();
  }
}
