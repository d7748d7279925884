import type { ServerResponse } from 'node:http';
import { HttpFailure, readJson, sendJson } from '../core/http.ts';
import { createRouter } from '../core/router.ts';
import { overviewPage } from './page.ts';
import type { Call } from '../core/http.ts';
import type { Route } from '../core/router.ts';
import type { World } from '../world.ts';

/** Returns the body of the answer. */
type Handler = (world: World, call: Call) => object | Promise<object>;

const route = (path: string, methods: Record<string, Handler>): Route<Handler> => ({ name: path, path, methods });

const find = createRouter([
  route('/config', {
    GET: (world) => world.config,
    PUT: async (world, call) => {
      world.configure(await readJson(call.body));
      return world.config;
    },
  }),
  route('/faults', {
    GET: (world) => ({ faults: world.faults.list() }),
    POST: async (world, call) => {
      const input = await readJson(call.body);
      return { ids: (Array.isArray(input) ? input : [input]).map((fault) => world.faults.add(fault)) };
    },
    DELETE: (world) => {
      world.faults.clear();
      return { ok: true };
    },
  }),
  route('/book', { GET: (world) => world.renderBook() }),
  route('/state', { GET: (world) => world.state() }),
  route('/clock', {
    POST: async (world, call) => {
      const { advanceMs } = (await readJson(call.body)) as { advanceMs: number };
      world.clock.advance(advanceMs);
      return { nowMs: world.clock.now() };
    },
  }),
]);

/**
 * Our own back door for tests: config, faults, account book, state, clock. No vendor has this; client.ts speaks to it.
 */
export async function handleAdmin(world: World, call: Call): Promise<void> {
  const found = find(call.method, call.path);
  if (found.status !== 'found') throw new HttpFailure(404, { error: 'unknown admin route' });
  try {
    sendJson(call.res, 200, await found.handler(world, call));
  } catch (error) {
    if (error instanceof TypeError || error instanceof SyntaxError)
      throw new HttpFailure(400, { error: error.message });
    throw error;
  }
}

/** GET /: what a person sees. */
export function sendOverview(res: ServerResponse, worlds: Map<string, World>): void {
  res.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
  res.end(overviewPage([...worlds.values()]));
}
