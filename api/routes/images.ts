import multipart from '@fastify/multipart';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { ApiDeps } from '../deps.ts';
import { uploadImages as uploadImagesRoute } from '../schemas/images.ts';
import { UPLOAD_TIMEOUT_MS } from '../timeouts.ts';
import { UPLOAD_LIMITS } from '../uploads/limits.ts';
import { uploadImages } from '../uploads/upload-images.ts';
import type { UploadSlots } from '../uploads/upload-slots.ts';

/** How long a refused client may go on sending until it reads the answer. Milliseconds. */
const DRAIN_MS = 30_000;

export const imageRoutes: FastifyPluginAsyncTypebox<{ deps: ApiDeps; slots: UploadSlots }> = async (
  app,
  { deps, slots },
) => {
  // As many captions as photos, and a few fields that are ignored.
  const limits = {
    fileSize: UPLOAD_LIMITS.zipBytes,
    files: 2 * UPLOAD_LIMITS.photos,
    fields: 20,
    fieldSize: 10_000,
    parts: 2 * UPLOAD_LIMITS.photos + 20,
  };
  await app.register(multipart, { limits, throwFileSizeLimit: false });

  // A refused upload is still arriving. It is read and dropped, so that the client gets to read the reason; otherwise
  // the connection would hang half-read until its timeout.
  app.addHook('onSend', async ({ raw }, reply) => {
    if (reply.statusCode < 400 || raw.complete) return;
    void reply.header('connection', 'close');
    raw.unpipe().resume();
    const timer = setTimeout(() => raw.destroy(), DRAIN_MS);
    raw.once('close', () => clearTimeout(timer));
  });

  app.post(
    '/v1/images',
    { schema: uploadImagesRoute, config: { timeLimitMs: UPLOAD_TIMEOUT_MS } },
    async (request, reply) => {
      const answer = await slots.run(request.keyId, () => uploadImages(deps, request));
      return reply.status(201).send(answer);
    },
  );
};
