import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { ApiDeps } from '../deps.ts';
import * as schemas from '../schemas/trainings.ts';
import { artifactLinks } from '../trainings/artifact.ts';
import { cancelTraining, retryTraining, signalTraining } from '../trainings/control.ts';
import { checkTraining } from '../trainings/draft.ts';
import { getTraining, pageOfTrainings } from '../trainings/read.ts';
import { startTraining } from '../trainings/start.ts';
import { trainingView } from '../trainings/view.ts';

export const trainingRoutes: FastifyPluginAsyncTypebox<{ deps: ApiDeps }> = async (app, { deps }) => {
  const { settings } = deps;

  app.post('/v1/trainings', { schema: schemas.startTrainingRoute }, async ({ userId, body, headers }, reply) => {
    const { status, training } = await startTraining(deps, {
      userId,
      idempotencyKey: headers['idempotency-key'],
      fingerprint: { route: '/v1/trainings', body },
      prepare: () => checkTraining(body, settings.allowTestIntervals === true),
    });
    return reply.status(status === 'started' ? 201 : 200).send(trainingView(training, settings));
  });

  app.get('/v1/trainings', { schema: schemas.listTrainingsRoute }, ({ userId, query }) =>
    pageOfTrainings(deps, userId, query),
  );

  app.get('/v1/trainings/:id', { schema: schemas.getTrainingRoute }, ({ userId, params }) =>
    getTraining(deps, userId, params.id),
  );

  app.post(
    '/v1/trainings/:id/cancel',
    { schema: schemas.cancelTrainingRoute },
    async ({ userId, by, params }, reply) => {
      return reply.status(202).send(await cancelTraining(deps, { userId, by }, params.id));
    },
  );

  app.post(
    '/v1/trainings/:id/retry',
    { schema: schemas.retryTrainingRoute },
    async ({ userId, by, params, body }, reply) => {
      return reply.status(202).send(await retryTraining(deps, { userId, by }, params.id, body?.overrides));
    },
  );

  app.post('/v1/trainings/:id/pause', { schema: schemas.pauseTrainingRoute }, async ({ userId, by, params }, reply) => {
    return reply.status(202).send(await signalTraining(deps, { userId, by }, params.id, 'pause'));
  });

  app.post(
    '/v1/trainings/:id/resume',
    { schema: schemas.resumeTrainingRoute },
    async ({ userId, by, params }, reply) => {
      return reply.status(202).send(await signalTraining(deps, { userId, by }, params.id, 'resume'));
    },
  );

  app.post('/v1/trainings/:id/save-now', { schema: schemas.saveNowRoute }, async ({ userId, by, params }, reply) => {
    return reply.status(202).send(await signalTraining(deps, { userId, by }, params.id, 'saveNow'));
  });

  app.post(
    '/v1/trainings/:id/sample-now',
    { schema: schemas.sampleNowRoute },
    async ({ userId, by, params }, reply) => {
      return reply.status(202).send(await signalTraining(deps, { userId, by }, params.id, 'sampleNow'));
    },
  );

  app.get('/v1/trainings/:id/artifact', { schema: schemas.artifactRoute }, async ({ userId, params }) => {
    const { files } = await artifactLinks(deps, userId, params.id);
    return { files };
  });
};
