import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { ApiDeps } from '../deps.ts';
import { createReadinessCheck } from '../health.ts';
import { openObject } from '../objects.ts';
import { healthRoute, objectRoute, readyRoute } from '../schemas/system.ts';

export const systemRoutes: FastifyPluginAsyncTypebox<{ deps: ApiDeps }> = async (app, { deps }) => {
  const checkReadiness = createReadinessCheck(deps);
  app.get('/healthz', { schema: healthRoute }, () => ({ status: 'ok' as const }));

  app.get('/readyz', { schema: readyRoute }, async (_request, reply) => {
    const report = await checkReadiness();
    return reply.status(report.status === 'ready' ? 200 : 503).send(report);
  });

  app.route({
    method: ['GET', 'HEAD'],
    url: '/v1/objects/*',
    schema: objectRoute,
    config: { timeLimitMs: null },
    handler: async ({ method, params, query, headers }, reply) => {
      const { expires = '', signature = '', filename } = query;
      // No schema for the wildcard: TypeBox would treat its name as a pattern.
      const key = (params as { '*': string })['*'];
      const answer = await openObject(deps, {
        key,
        expires,
        signature,
        filename,
        range: headers.range,
        isHead: method === 'HEAD',
      });
      return reply
        .status(answer.status)
        .headers(answer.headers)
        .send(answer.body as never);
    },
  });
};
