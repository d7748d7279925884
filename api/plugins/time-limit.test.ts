import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import Fastify from 'fastify';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { afterEach, expect, test } from 'vitest';
import { registerErrors } from './errors.ts';
import { registerTimeLimit } from './time-limit.ts';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** A server that takes requests and never answers one. `left` tells how many clients have given up. */
async function silentServer() {
  let left = 0;
  const server = createServer((_request, response) => void response.on('close', () => void (left += 1)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, left: () => left };
}

async function serve(limitMs: number, handler: (request: FastifyRequest) => Promise<unknown>) {
  const app: FastifyInstance = Fastify();
  registerErrors(app);
  registerTimeLimit(app, limitMs);
  app.post('/work', handler);
  app.post('/long', { config: { timeLimitMs: null } }, handler);
  closers.push(() => app.close());
  return app.listen({ port: 0, host: '127.0.0.1' });
}

const post = (url: string, init: RequestInit = {}) =>
  fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"a":1}', ...init });

test('a POST whose handler hangs is answered 503, and its work is aborted', async () => {
  const silent = await silentServer();
  let given: unknown;
  const url = await serve(100, async ({ stop }) => {
    await fetch(silent.url, { signal: stop }).catch((error: unknown) => {
      given = error;
      throw error;
    });
  });
  const answer = await post(`${url}/work`);

  expect(answer.status).toBe(503);
  expect(await answer.json()).toMatchObject({ code: 'TIMEOUT', requestId: expect.any(String) });
  await expect.poll(silent.left).toBe(1);
  expect(given).toMatchObject({ code: 'TIMEOUT' });
});

test('a handler that does not listen is left behind, whatever it gives later', async () => {
  let finish: (value: unknown) => void = () => undefined;
  const url = await serve(100, () => new Promise((resolve) => (finish = resolve)));
  const answer = await post(`${url}/work`);
  finish({ late: true });

  expect(answer.status).toBe(503);
  expect((await post(`${url}/nothing`)).status).toBe(404);
});

test('a body that does not come in time is answered 408', async () => {
  const url = await serve(100, async () => 'read');
  const body = new ReadableStream({ start: (controller) => controller.enqueue(Buffer.from('{"a":')) });
  const answer = await post(`${url}/work`, { body, duplex: 'half' });

  expect(answer.status).toBe(408);
  expect(await answer.json()).toMatchObject({ code: 'REQUEST_TIMEOUT' });
});

test('work ends with its client, also without a limit', async () => {
  const silent = await silentServer();
  const url = await serve(100, ({ stop }) => fetch(silent.url, { signal: stop }));
  const client = new AbortController();
  const answer = post(`${url}/long`, { signal: client.signal });
  setTimeout(() => client.abort(), 300);

  await expect(answer).rejects.toThrow();
  await expect.poll(silent.left).toBe(1);
});
