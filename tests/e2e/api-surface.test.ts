/** What holds for every route: keys, errors, health, the OpenAPI document and the log. */
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newApiKey } from '../../api/api-key.ts';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { createDatabase } from '../../prisma/client.ts';
import { createRepositories } from '../../prisma/repositories/index.ts';
import { client, startApi } from './api-harness.ts';
import type { ApiHarness } from './api-harness.ts';

/** The promise is 3 s; a busy machine gets more, and what has no deadline hangs far longer. Milliseconds. */
const SOON_MS = 12_000;

describe('the surface of the API', () => {
  let api: ApiHarness;
  let key: string;
  beforeAll(async () => {
    api = await startApi();
    ({ key } = await api.newUser());
  });
  afterAll(() => api.close());

  test('asks for a key, and takes it in either header', async () => {
    const { app } = api;
    const statusWith = async (headers: Record<string, string>) =>
      (await app.inject({ url: '/v1/trainings', headers })).statusCode;

    expect(await statusWith({})).toBe(401);
    expect(await statusWith({ authorization: `Bearer ${newApiKey()}` })).toBe(401);
    expect(await statusWith({ authorization: 'Basic abc' })).toBe(401);
    expect(await statusWith({ authorization: `Bearer ${key}` })).toBe(200);
    expect(await statusWith({ 'x-api-key': key })).toBe(200);
    await api.database.apiKey.updateMany({ where: { prefix: key.slice(0, 10) }, data: { revokedAt: new Date() } });
    expect(await statusWith({ 'x-api-key': key })).toBe(401);
    await api.database.apiKey.updateMany({ data: { revokedAt: null } });
  });

  test('errors of every kind have one shape', async () => {
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
    const post = { method: 'POST', url: '/v1/datasets', headers } as const;
    const answers = await Promise.all([
      api.app.inject({ url: '/nothing' }),
      api.app.inject({ url: '/v1/%zz' }),
      api.app.inject({ url: '/v1/trainings' }),
      api.app.inject({ ...post, payload: '{"name":' }),
      api.app.inject({ ...post, payload: '' }),
      api.app.inject({ ...post, payload: `"${'x'.repeat(1_100_000)}"` }),
      api.app.inject({ ...post, payload: '<a/>', headers: { ...headers, 'content-type': 'application/xml' } }),
      api.app.inject({ ...post, payload: '{"name":1}' }),
      api.app.inject({ ...post, payload: '{"__proto__":{"a":1}}' }),
      api.app.inject({ method: 'DELETE', url: '/v1/datasets', headers: { authorization: `Bearer ${key}` } }),
      api.app.inject({ url: `/v1/trainings/${'x'.repeat(300)}`, headers: { authorization: `Bearer ${key}` } }),
    ]);

    expect(answers.map((answer) => answer.statusCode)).toEqual([404, 400, 401, 400, 400, 413, 415, 422, 400, 405, 404]);
    for (const answer of answers) {
      expect(answer.json()).toMatchObject({
        code: expect.stringMatching(/^[A-Z_]+$/),
        message: expect.any(String),
        requestId: expect.any(String),
      });
    }
  });

  test.for([
    ['DELETE', '/v1/datasets', 'POST'],
    ['POST', '/healthz', 'GET, HEAD'],
    ['PUT', '/v1/trainings/01890000-0000-7000-8000-000000000000', 'GET, HEAD'],
    ['HEAD', '/v1/trainings/01890000-0000-7000-8000-000000000000/events', 'GET'],
    ['PATCH', '/v1/objects/a/b?c=/d', 'GET, HEAD'],
    ['OPTIONS', '/v1/trainings?limit=1', 'GET, HEAD, POST'],
  ] as const)('%s %s is not allowed, and it says what is', async ([method, url, allow]) => {
    const answer = await api.app.inject({ method, url, headers: { authorization: `Bearer ${key}` } });

    expect(answer.statusCode).toBe(405);
    expect(answer.headers['allow']).toBe(allow);
    if (method !== 'HEAD') expect(answer.json()).toMatchObject({ code: 'METHOD_NOT_ALLOWED' });
  });

  test('takes over a harmless request id and makes one otherwise', async () => {
    const kept = await api.app.inject({ url: '/healthz', headers: { 'x-request-id': 'abc-1' } });
    const made = await api.app.inject({ url: '/healthz', headers: { 'x-request-id': 'a b"' } });

    expect(kept.headers['x-request-id']).toBe('abc-1');
    expect(made.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('is ready when everything answers', async () => {
    expect(await client(api.app, key).get('/readyz')).toMatchObject({ status: 200, body: { status: 'ready' } });
    expect((await api.app.inject('/healthz')).json()).toEqual({ status: 'ok' });
  });

  test.for(['refuses connections', 'accepts connections and says nothing'])(
    'answers 503 soon when the database %s',
    async (how) => {
      const sockets = new Set<Socket>();
      const server = createServer((socket) => void sockets.add(socket));
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const { port } = server.address() as AddressInfo;
      if (how === 'refuses connections') await new Promise((resolve) => server.close(resolve));
      const database = createDatabase({
        url: `postgresql://a:b@127.0.0.1:${port}/x?query_timeout=2500`,
        connectTimeoutMs: 1_500,
      });
      const cut = client(api.build({ repositories: createRepositories(database) }), key);
      const before = performance.now();
      const [list, ready] = await Promise.all([cut.get('/v1/trainings'), cut.get('/readyz')]);
      const tookMs = performance.now() - before;
      for (const socket of sockets) socket.destroy();
      server.close();
      await database.$disconnect();

      expect(list).toMatchObject({ status: 503, body: { code: 'DATABASE_UNAVAILABLE' } });
      expect(ready).toMatchObject({ status: 503, body: { parts: { database: 'unavailable', temporal: 'ok' } } });
      expect(tookMs).toBeLessThan(SOON_MS);
    },
  );

  test('answers 503 when the database freezes under an open connection', async () => {
    const proxy = await freezableProxy(api.databaseUrl);
    const url = new URL(api.databaseUrl);
    url.port = String(proxy.port);
    url.searchParams.set('query_timeout', '2000');
    const database = createDatabase({ url: url.href, connectTimeoutMs: 1_500 });
    const cut = client(api.build({ repositories: createRepositories(database) }), key);
    const before = await cut.get('/v1/trainings');
    proxy.freeze();
    const start = performance.now();
    const frozen = await cut.get('/v1/trainings');
    const tookMs = performance.now() - start;
    proxy.close();
    await database.$disconnect();

    expect(before.status).toBe(200);
    expect(frozen).toMatchObject({ status: 503, body: { code: 'DATABASE_UNAVAILABLE' } });
    expect(tookMs).toBeLessThan(SOON_MS);
  });

  test('describes itself in OpenAPI 3.1, every answer with a schema', async () => {
    const document = (await api.app.inject('/openapi.json')).json() as OpenApi;
    const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.values(methods).map((operation) => ({ path, ...operation })),
    );
    const answers = operations.flatMap(({ responses }) =>
      // 204 means that there is nothing to describe.
      Object.entries(responses).flatMap(([status, answer]) => (status === '204' ? [] : [answer])),
    );
    const schemas = [...answers, ...operations.flatMap(({ requestBody }) => requestBody ?? [])].flatMap(({ content }) =>
      Object.values(content ?? {}).map(({ schema }) => schema),
    );
    const ajv = new Ajv2020({ strict: false, formats: { uuid: true, 'date-time': true, binary: true } });

    expect(document.openapi).toBe('3.1.0');
    expect(Object.keys(document.paths).sort()).toEqual([
      '/healthz',
      '/lora/training/start',
      '/lora/training/{loraModelId}/download',
      '/lora/training/{loraModelId}/status',
      '/readyz',
      '/v1/datasets',
      '/v1/datasets/{id}',
      '/v1/datasets/{id}/check',
      '/v1/datasets/{id}/overrides',
      '/v1/datasets/{id}/photos/{sha256}/override',
      '/v1/datasets/{id}/report',
      '/v1/images',
      '/v1/objects/{key}',
      '/v1/operations/pods',
      '/v1/quotes',
      '/v1/reports/cost',
      '/v1/trainings',
      '/v1/trainings/{id}',
      '/v1/trainings/{id}/artifact',
      '/v1/trainings/{id}/budget',
      '/v1/trainings/{id}/cancel',
      '/v1/trainings/{id}/events',
      '/v1/trainings/{id}/pause',
      '/v1/trainings/{id}/resume',
      '/v1/trainings/{id}/retry',
      '/v1/trainings/{id}/sample-now',
      '/v1/trainings/{id}/save-now',
    ]);
    for (const answer of answers)
      expect(answer).toMatchObject({ description: expect.any(String), content: expect.any(Object) });
    for (const schema of schemas) expect(() => ajv.compile(schema as object)).not.toThrow();
    for (const { path, parameters = [], responses } of operations) {
      const named = parameters.filter((parameter) => parameter.in === 'path').map((parameter) => parameter.name);
      expect(named).toEqual([...path.matchAll(/{(\w+)}/g)].map((match) => match[1]));
      expect(Object.keys(responses)).toEqual(expect.arrayContaining(['4XX', '5XX']));
    }
    expect((await api.app.inject('/docs/')).statusCode).toBe(200);
  });

  test('names every closed set in its document, and nothing that only tests may send', async () => {
    const text = (await api.app.inject('/openapi.json')).body;
    const { paths } = JSON.parse(text) as { paths: Record<string, Record<string, object>> };
    const start = JSON.stringify(paths['/v1/trainings']!['post']);

    for (const secret of ['intervals', 'x-words', 'x-undocumented']) expect(text).not.toContain(secret);
    for (const word of ['flux', 'one-2.2', 'person', 'awaiting_retry', 'POD_LOST', 'published'])
      expect(start).toMatch(new RegExp(`"enum":\\[[^\\]]*"${word.replace('.', '\\.')}"`));
  });

  test('writes no key, address or body into its log', async () => {
    const user = client(api.app, key);
    await user.get('/v1/objects/images/x?expires=1&signature=very-secret-signature');
    await user.post('/v1/trainings', { triggerWord: 'a-private-word' });
    await user.get(`/v1/trainings?key=${key}`);

    expect(api.logs()).toContain('"route":"/v1/trainings"');
    for (const secret of [key, 'very-secret-signature', 'a-private-word']) expect(api.logs()).not.toContain(secret);
  });
});

interface Answer {
  readonly description?: string;
  readonly content?: Record<string, { readonly schema?: unknown }>;
}

interface OpenApi {
  readonly openapi: string;
  readonly paths: Record<
    string,
    Record<
      string,
      {
        readonly parameters?: { in: string; name: string }[];
        readonly requestBody?: Answer;
        readonly responses: Record<string, Answer>;
      }
    >
  >;
}

/** Passes bytes on to PostgreSQL until it is told to keep them. */
async function freezableProxy(databaseUrl: string) {
  const { hostname, port: target } = new URL(databaseUrl);
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    const upstream = connect(Number(target), hostname);
    for (const one of [socket, upstream]) one.on('error', () => undefined);
    sockets.add(socket).add(upstream);
    socket.pipe(upstream).pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    freeze() {
      for (const socket of sockets) socket.unpipe();
    },
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
