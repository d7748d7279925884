/**
 * The time limit of every request, and the signal that ends its work. Fastify's own `handlerTimeout` is cleared once a
 * body has been read (5.12), so it never fires for a POST.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ApiError } from '../errors.ts';
import { HANDLER_TIMEOUT_MS } from '../timeouts.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /**
     * Time from the request's head to its answer; null: no limit but the client's connection. Milliseconds, default
     * 15,000.
     */
    timeLimitMs?: number | null;
  }
  interface FastifyRequest {
    /** Aborted when the time is up or the client has gone: nobody would read the result any more. */
    stop: AbortSignal;
  }
}

/** Answers 408 or 503 when a request takes too long, and aborts `request.stop`. Register before every other hook. */
export function registerTimeLimit(app: FastifyInstance, defaultMs = HANDLER_TIMEOUT_MS): void {
  app.decorateRequest('stop', null as never);
  app.addHook('onRequest', async (request, reply) => watch(request, reply, defaultMs));
  // What a handler returns or throws after the answer has been sent is of no use; Fastify would log all of it.
  app.addHook('onRoute', (route) => {
    const { handler } = route;
    route.handler = async function (request, reply) {
      try {
        const result: unknown = await handler.call(this, request, reply);
        return isAnswered(request, reply) ? await reply : result;
      } catch (error) {
        if (isAnswered(request, reply)) return await reply;
        throw error;
      }
    };
  });
}

/** The answer has been sent, or is being sent because the time is up. */
function isAnswered({ stop }: FastifyRequest, reply: FastifyReply): boolean {
  return reply.raw.writableEnded || stop.reason instanceof ApiError;
}

function watch(request: FastifyRequest, reply: FastifyReply, defaultMs: number): void {
  const stop = new AbortController();
  request.stop = stop.signal;
  const limitMs = request.routeOptions.config.timeLimitMs;
  const timer = limitMs === null ? undefined : setTimeout(() => end(request, reply, stop), limitMs ?? defaultMs);
  const over = () => {
    clearTimeout(timer);
    if (reply.raw.writableFinished) return;
    const { method, routeOptions } = request;
    if (!stop.signal.aborted) request.log.info({ method, route: routeOptions.url ?? null }, 'the client went away');
    stop.abort(new ClientGoneError());
  };
  reply.raw.once('close', over);
  // It may have closed before anybody was listening.
  if (request.raw.destroyed && !request.raw.complete) over();
}

function end(request: FastifyRequest, reply: FastifyReply, stop: AbortController): void {
  const error = request.raw.complete
    ? new ApiError(503, 'TIMEOUT', 'The request took too long; try again.')
    : new ApiError(408, 'REQUEST_TIMEOUT', 'The request took too long to arrive.');
  stop.abort(error);
  if (reply.sent) return;
  if (reply.raw.headersSent) reply.raw.destroy();
  else void reply.send(error);
}

/** The reason for aborting work whose client went away. No answer can be sent, and it is not a server error. */
class ClientGoneError extends Error {
  override readonly name = 'ClientGoneError';
  constructor() {
    super('the client went away');
  }
}
