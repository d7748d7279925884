import { Readable } from 'node:stream';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { ApiDeps } from '../deps.ts';
import { eventsRoute } from '../schemas/trainings.ts';
import { followTraining, resumePoint } from '../trainings/events.ts';
import { requireTraining } from '../trainings/read.ts';

const STREAM_HEADERS = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
};
export const eventRoutes: FastifyPluginAsyncTypebox<{ deps: ApiDeps }> = async (app, { deps }) => {
  const stopping = new AbortController();
  app.addHook('preClose', async () => stopping.abort());

  app.get(
    '/v1/trainings/:id/events',
    { schema: eventsRoute, config: { timeLimitMs: null }, exposeHeadRoute: false },
    async (request, reply) => {
      const { userId, params, query, headers } = request;
      await requireTraining(deps, userId, params.id);
      const after = resumePoint(headers['last-event-id'], query.after);
      const stream = Readable.from(
        followTraining(deps, { userId, trainingId: params.id, after, signal: stopping.signal }),
      );
      return reply.headers(STREAM_HEADERS).send(stream as never);
    },
  );
};
