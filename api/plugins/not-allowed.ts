import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ApiError } from '../errors.ts';

/** 405 with `Allow` for addresses that have routes for other methods, 404 for the rest. Register before the routes. */
export function registerNotFound(
  app: FastifyInstance,
  send: (error: unknown, request: FastifyRequest, reply: FastifyReply) => unknown,
): void {
  const routes: { readonly method: string; readonly pattern: RegExp }[] = [];
  app.addHook('onRoute', ({ method, url }) => {
    const pattern = patternOf(url);
    for (const one of [method].flat()) routes.push({ method: one, pattern });
  });
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?', 1)[0]!;
    const allowed = new Set(routes.flatMap(({ method, pattern }) => (pattern.test(path) ? [method] : [])));
    if (allowed.size === 0)
      return send(new ApiError(404, 'NOT_FOUND', 'There is nothing at this address.'), request, reply);
    const list = [...allowed].sort().join(', ');
    void reply.header('allow', list);
    return send(new ApiError(405, 'METHOD_NOT_ALLOWED', `This address only accepts ${list}.`), request, reply);
  });
}

/** `/v1/datasets/:id/report` and `/v1/objects/*` as regular expressions. */
function patternOf(url: string): RegExp {
  const source = url
    .replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&')
    .replaceAll(/:\w+/g, '[^/]+')
    .replaceAll('*', '.*');
  return new RegExp(`^${source}$`);
}
