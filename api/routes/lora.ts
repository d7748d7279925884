import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { ApiDeps } from '../deps.ts';
import { downloadLoraRoute, loraStatusRoute, startLoraRoute } from '../schemas/lora.ts';
import { loraDownload, loraStatus, prepareLora } from '../trainings/lora.ts';
import { requireTraining } from '../trainings/read.ts';
import { startTraining } from '../trainings/start.ts';
import { importImageUrls } from '../uploads/fetch-images.ts';
import type { UploadSlots } from '../uploads/upload-slots.ts';

/** Up to a hundred images may have to be fetched first. Milliseconds. */
const START_TIMEOUT_MS = 150_000;

export const loraRoutes: FastifyPluginAsyncTypebox<{ deps: ApiDeps; slots: UploadSlots }> = async (
  app,
  { deps, slots },
) => {
  app.post(
    '/lora/training/start',
    { schema: startLoraRoute, config: { timeLimitMs: START_TIMEOUT_MS } },
    async ({ userId, keyId, body, headers, stop }, reply) => {
      const { status, training } = await startTraining(deps, {
        userId,
        idempotencyKey: headers['idempotency-key'],
        fingerprint: { route: '/lora/training/start', body },
        prepare: () =>
          prepareLora(deps, body, (urls) => slots.run(keyId, () => importImageUrls(deps, userId, urls, stop))),
      });
      return reply
        .status(status === 'started' ? 201 : 200)
        .send({ loraModelId: training.id, trainingJobId: training.workflowId });
    },
  );

  app.get('/lora/training/:loraModelId/status', { schema: loraStatusRoute }, async ({ userId, params }) => {
    return loraStatus(await requireTraining(deps, userId, params.loraModelId));
  });

  app.post('/lora/training/:loraModelId/download', { schema: downloadLoraRoute }, ({ userId, params }) => {
    return loraDownload(deps, userId, params.loraModelId);
  });
};
