import type { ServerResponse } from 'node:http';
import { HttpFailure, readJson, sendJson } from '../core/http.ts';
import { overviewPage } from './page.ts';
import type { Call } from '../core/http.ts';
import type { World } from '../world.ts';

/** Our own door for tests: config, faults, account book, state, clock. No vendor has this. */
export async function handleAdmin(world: World, call: Call): Promise<void> {
  const { res } = call;
  try {
    switch (`${call.method} ${call.path}`) {
      case 'GET /config':
        return sendJson(res, 200, world.config);
      case 'PUT /config':
        world.configure(await readJson(call.body));
        return sendJson(res, 200, world.config);
      case 'GET /faults':
        return sendJson(res, 200, { faults: world.faults.list() });
      case 'POST /faults': {
        const input = await readJson(call.body);
        const ids = (Array.isArray(input) ? input : [input]).map((fault) => world.faults.add(fault));
        return sendJson(res, 200, { ids });
      }
      case 'DELETE /faults':
        world.faults.clear();
        return sendJson(res, 200, { ok: true });
      case 'GET /book':
        return sendJson(res, 200, world.book.render(world.podEntries(), world.clock.now()));
      case 'GET /state':
        return sendJson(res, 200, world.state());
      case 'POST /clock': {
        const { advanceMs } = (await readJson(call.body)) as { advanceMs: number };
        world.clock.advance(advanceMs);
        return sendJson(res, 200, { nowMs: world.clock.now() });
      }
      default:
        throw new HttpFailure(404, { error: 'unknown admin route' });
    }
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
