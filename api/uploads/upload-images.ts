/** One upload from the first byte to the answer; nothing of it stays when nothing is accepted or anything fails. */
import type { FastifyRequest } from 'fastify';
import type { Static } from '@fastify/type-provider-typebox';
import { linkSignals } from '../../core/time-limit.ts';
import type { ApiDeps } from '../deps.ts';
import { ApiError } from '../errors.ts';
import type { UploadAnswer } from '../schemas/images.ts';
import { createIntake } from './intake.ts';
import type { Intake } from './intake.ts';
import { watchPace } from './pace.ts';
import { receiveUpload } from './receive-upload.ts';
import { storePhotos } from './store-photos.ts';

export async function uploadImages(
  deps: ApiDeps,
  request: Pick<FastifyRequest, 'userId' | 'parts' | 'stop' | 'raw'>,
): Promise<Static<typeof UploadAnswer>> {
  const { userId } = request;
  const pace = watchPace(request.raw);
  const { signal: stop, release } = linkSignals([request.stop, pace.signal]);
  let intake: Intake | undefined;
  try {
    intake = await createIntake(deps, stop);
    const taken = intake;
    await orStopped(() => receiveUpload(request.parts(), taken), stop);
    pace.stop();
    const { photos, rejected } = intake.result();
    if (photos.length === 0) {
      const details = rejected.map(({ filename, code, message }) => `${filename}: ${code}. ${message}`);
      throw new ApiError(422, 'NO_PHOTOS', 'None of the uploaded files is a usable photo.', { details });
    }
    const saved = await storePhotos(deps, userId, photos);
    const images = saved.map(({ image, duplicate }, index) => {
      const { id, sha256, width, height, bytes, caption } = image;
      const { filename } = photos[index]!;
      return { id, sha256, filename, width, height, bytes, duplicate, ...(caption === null ? {} : { caption }) };
    });
    return { images, rejected };
  } finally {
    pace.stop();
    release();
    await intake?.dispose();
  }
}

/**
 * Work on a request whose client may go at any moment. The parser of forms says nothing about a client that was gone
 * before it began to listen (@fastify/multipart 10.1): then only `stop` ends the wait.
 */
async function orStopped(work: () => Promise<void>, stop: AbortSignal): Promise<void> {
  stop.throwIfAborted();
  let onStop = () => undefined as void;
  const stopped = new Promise<never>((_, reject) => (onStop = () => reject(stop.reason as Error)));
  stop.addEventListener('abort', onStop, { once: true });
  try {
    await Promise.race([work(), stopped]);
  } finally {
    stop.removeEventListener('abort', onStop);
  }
}
