import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { ApiDeps } from '../deps.ts';
import { checkReadiness } from '../health.ts';
import { healthRoute, readyRoute } from '../schemas/system.ts';

export const systemRoutes: FastifyPluginAsyncTypebox<{ deps: ApiDeps }> = async (app, { deps }) => {
  app.get('/healthz', { schema: healthRoute }, () => ({ status: 'ok' as const }));

  app.get('/readyz', { schema: readyRoute }, async (_request, reply) => {
    const report = await checkReadiness(deps);
    return reply.status(report.status === 'ready' ? 200 : 503).send(report);
  });
};
