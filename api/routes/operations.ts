import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { ApiDeps } from '../deps.ts';
import { podOverview } from '../operations/pod-overview.ts';
import { requireOperator } from '../plugins/operators.ts';
import { podOverviewRoute } from '../schemas/operations.ts';

export const operationRoutes: FastifyPluginAsyncTypebox<{ deps: ApiDeps }> = async (app, { deps }) => {
  requireOperator(app);

  app.get('/v1/operations/pods', { schema: podOverviewRoute }, () => podOverview(deps));
};
