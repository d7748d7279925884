/** Assembles the API from its dependencies. Nothing happens until `listen` or `inject`. */
import { randomUUID } from 'node:crypto';
import Fastify, { LogController } from 'fastify';
import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import { answerClientError, refuseLikeNode } from './client-errors.ts';
import type { ApiDeps } from './deps.ts';
import { requireApiKey } from './plugins/auth.ts';
import { registerErrors, sendError } from './plugins/errors.ts';
import { registerOpenApi } from './plugins/openapi.ts';
import { registerRequestLog } from './plugins/request-log.ts';
import { refuseUnstorableText } from './plugins/storable-text.ts';
import { registerTimeLimit } from './plugins/time-limit.ts';
import { datasetRoutes } from './routes/datasets.ts';
import { eventRoutes } from './routes/events.ts';
import { imageRoutes } from './routes/images.ts';
import { loraRoutes } from './routes/lora.ts';
import { moneyRoutes } from './routes/money.ts';
import { operationRoutes } from './routes/operations.ts';
import { systemRoutes } from './routes/system.ts';
import { trainingRoutes } from './routes/trainings.ts';
import { REQUEST_TIMEOUT_MS } from './timeouts.ts';
import { createUploadSlots } from './uploads/upload-slots.ts';
import { validatorCompiler } from './validator.ts';

/** JSON bodies: room for 200 captions of 1,000 characters. Uploads have their own limits (uploads/limits.ts). */
const BODY_LIMIT_BYTES = 1_000_000;
/** A request id from the caller is used if it is safe to log. */
const REQUEST_ID = /^[A-Za-z0-9._-]{1,100}$/;

export function buildApp(deps: ApiDeps): FastifyInstance {
  const loggerInstance: FastifyBaseLogger = deps.logger;
  const app: FastifyInstance = Fastify({
    loggerInstance,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    bodyLimit: BODY_LIMIT_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    forceCloseConnections: 'idle',
    clientErrorHandler: answerClientError,
    http: { requireHostHeader: false },
    requestIdHeader: false,
    genReqId: ({ headers }) => {
      const given = headers['x-request-id'];
      return typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
    },
    frameworkErrors: (error, request, reply) => void sendError(error, request as never, reply as never),
  });
  app.setValidatorCompiler(validatorCompiler);
  app.decorateRequest('userId', '');
  app.decorateRequest('keyId', '');
  app.decorateRequest('userName', '');
  app.decorateRequest('isOperator', false);
  registerErrors(app);
  registerTimeLimit(app);
  refuseLikeNode(app);
  registerRequestLog(app);
  refuseUnstorableText(app);

  const slots = createUploadSlots(deps.settings.uploadsPerKey);
  void app.register(async (scope) => {
    await registerOpenApi(scope, deps.settings.publicUrl);
    await scope.register(systemRoutes, { deps });
    await scope.register(async (secured) => {
      requireApiKey(secured, deps);
      await secured.register(imageRoutes, { deps, slots });
      await secured.register(datasetRoutes, { deps });
      await secured.register(trainingRoutes, { deps });
      await secured.register(eventRoutes, { deps });
      await secured.register(loraRoutes, { deps, slots });
      await secured.register(moneyRoutes, { deps });
      await secured.register(operationRoutes, { deps });
    });
  });
  return app;
}
