import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { checkDataset } from '../datasets/check.ts';
import { changeDataset, getDataset, makeDataset } from '../datasets/datasets.ts';
import { overrulePhoto, pageOfOverrides, takeOverrideBack } from '../datasets/overrides.ts';
import { formatOf, reportFile, reportView, requireReport } from '../datasets/report.ts';
import type { ApiDeps } from '../deps.ts';
import * as schemas from '../schemas/datasets.ts';

export const datasetRoutes: FastifyPluginAsyncTypebox<{ deps: ApiDeps }> = async (app, { deps }) => {
  app.post('/v1/datasets', { schema: schemas.createDatasetRoute }, async ({ userId, body }, reply) => {
    return reply.status(201).send(await makeDataset(deps, userId, body));
  });

  app.get('/v1/datasets/:id', { schema: schemas.getDatasetRoute }, ({ userId, params }) =>
    getDataset(deps, userId, params.id),
  );

  app.patch('/v1/datasets/:id', { schema: schemas.changeDatasetRoute }, ({ userId, params, body }) =>
    changeDataset(deps, userId, params.id, body),
  );

  app.post('/v1/datasets/:id/check', { schema: schemas.checkDatasetRoute }, async ({ userId, params, body }, reply) => {
    return reply.status(202).send(await checkDataset(deps, userId, params.id, body ?? {}));
  });

  app.get('/v1/datasets/:id/report', { schema: schemas.reportRoute }, async (request, reply) => {
    const { userId, params, query, headers } = request;
    const row = await requireReport(deps, userId, params.id, query.version);
    const format = formatOf(query.format, headers.accept);
    void reply.header('vary', 'accept');
    if (format === 'json') return reply.send(await reportView(deps, row));
    const file = await reportFile(deps, row, format);
    return reply.headers(file.headers).send(file.body as never);
  });

  const override = '/v1/datasets/:id/photos/:sha256/override';
  app.put(override, { schema: schemas.putOverrideRoute }, ({ userId, userName, params, body }) =>
    overrulePhoto(deps, { userId, userName, datasetId: params.id, sha256: params.sha256 }, body),
  );

  app.delete(override, { schema: schemas.deleteOverrideRoute }, async ({ userId, userName, params }, reply) => {
    await takeOverrideBack(deps, { userId, userName, datasetId: params.id, sha256: params.sha256 });
    return reply.status(204).send(null);
  });

  app.get('/v1/datasets/:id/overrides', { schema: schemas.listOverridesRoute }, ({ userId, params, query }) =>
    pageOfOverrides(deps, userId, params.id, query),
  );
};
