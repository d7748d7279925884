import { createServer } from 'node:http';
import { mkdir } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { handleAdmin, sendOverview } from './admin/routes.ts';
import { HttpFailure, sendJson } from './core/http.ts';
import { handleHub } from './hub/routes.ts';
import { handleProxy } from './proxy/proxy.ts';
import { handleRunpod } from './runpod/routes.ts';
import { handleVision } from './vision/routes.ts';
import { World } from './world.ts';
import type { Call } from './core/http.ts';

export interface Emulator {
  url: string;
  close(): Promise<void>;
}

/** Starts the emulated cloud on one port; `port` 0 takes a free one. */
export async function startEmulator(params: { host?: string; port?: number; dataDir: string }): Promise<Emulator> {
  const { host = '127.0.0.1', port = 0, dataDir } = params;
  await mkdir(dataDir, { recursive: true });
  const worlds = new Map<string, World>();
  let url = '';

  // Raw paths matter (AI Toolkit's encoded file paths), so nothing here parses or normalises them.
  const server = createServer({ keepAliveTimeout: 5000, requestTimeout: 0 }, (req, res) => {
    dispatch(req, res).catch((error: unknown) => fail(res, error));
  });

  const dispatch = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const raw = req.url ?? '/';
    const at = raw.indexOf('?');
    const path = at < 0 ? raw : raw.slice(0, at);
    if (path === '/') return sendOverview(res, worlds);
    const match = /^\/w\/([^/]+)(?:\/([a-z]+))?(\/.*)?$/.exec(path);
    const name = match?.[1];
    if (name === undefined) throw new HttpFailure(404, { error: 'unknown path; see /' });
    const call: Call = {
      method: req.method ?? 'GET',
      path: match?.[3] ?? '/',
      query: new URLSearchParams(at < 0 ? '' : raw.slice(at + 1)),
      headers: req.headers,
      body: req,
      res,
      worldUrl: `${req.headers.host === undefined ? url : `http://${req.headers.host}`}/w/${name}`,
      transfer: {},
    };
    const service = match?.[2];
    if (service === undefined && call.method === 'DELETE') {
      const world = worlds.get(name);
      worlds.delete(name);
      await world?.close();
      res.writeHead(204).end();
      return;
    }
    let world = worlds.get(name);
    if (world === undefined) worlds.set(name, (world = new World(decodeURIComponent(name), dataDir)));
    const handle = services.get(service ?? '');
    if (handle === undefined)
      throw new HttpFailure(404, { error: `unknown service; one of ${[...services.keys()].join(', ')}` });
    await handle(world, call);
  };

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  url = `http://${host.includes(':') ? `[${host}]` : host}:${(server.address() as AddressInfo).port}`;

  let closing: Promise<void> | undefined;
  return {
    url,
    close: () => (closing ??= stop()),
  };

  async function stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeAllConnections();
    await closed;
    await Promise.all([...worlds.values()].map((world) => world.close()));
    worlds.clear();
  }
}

const services = new Map([
  ['runpod', handleRunpod],
  ['proxy', handleProxy],
  ['hub', handleHub],
  ['vision', handleVision],
  ['admin', handleAdmin],
]);

function fail(res: ServerResponse, error: unknown): void {
  if (res.headersSent || res.destroyed) {
    res.destroy();
    return;
  }
  if (error instanceof HttpFailure) sendJson(res, error.status, error.body, error.headers);
  else
    // The stack trace is for whoever maintains the emulator; a vendor's answer has none.
    sendJson(res, 500, { error: `emulator: ${error instanceof Error ? error.message : String(error)}` });
  if (!(error instanceof HttpFailure))
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
}
