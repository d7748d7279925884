import type { FastifyInstance } from 'fastify';

/**
 * One log line per answer, with the route's pattern, since addresses may contain signatures. Also sets common headers.
 */
export function registerRequestLog(app: FastifyInstance): void {
  let closing = false;
  app.addHook('preClose', async () => {
    closing = true;
  });
  app.addHook('onRequest', async (request, reply) => {
    void reply.headers({
      'x-request-id': request.id,
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
    });
  });
  app.addHook('onResponse', async (request, reply) => {
    const { method, routeOptions } = request;
    const line = {
      method,
      route: routeOptions.url ?? null,
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime),
    };
    request.log.info(line, 'request answered');
    // A connection that was busy when the shutdown began is idle now; its client would keep it open for minutes.
    if (closing) setImmediate(() => app.server.closeIdleConnections());
  });
}
