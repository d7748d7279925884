import type { FastifyInstance } from 'fastify';

/** One line per answer, with the route's pattern: addresses may carry signatures. Also headers that every answer has. */
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
    // A connection that was busy when closing began is idle now; its client would keep it for minutes.
    if (closing) setImmediate(() => app.server.closeIdleConnections());
  });
}
