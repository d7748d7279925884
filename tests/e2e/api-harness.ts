/** An API on real servers for one test file: its own database, folder and task queue. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { pino } from 'pino';
import type { FastifyInstance, InjectOptions } from 'fastify';
import { newApiKey } from '../../api/api-key.ts';
import { buildApp } from '../../api/app.ts';
import type { ApiDeps } from '../../api/deps.ts';
import { sha256Hex } from '../../api/ids.ts';
import { createTemporalGateway } from '../../api/temporal.ts';
import { NO_LIMITS } from '../../core/spend-limit.ts';
import { inspectPhotoFile } from '../../curation/intake/intake.ts';
import { createDatabase } from '../../prisma/client.ts';
import type { Database } from '../../prisma/client.ts';
import { createRepositories } from '../../prisma/repositories/index.ts';
import { createFilesystemStore } from '../../providers/storage/filesystem.ts';
import { verifySignedObjectUrl } from '../../providers/storage/signed-object-url.ts';
import { createTestDatabase } from '../support/database.ts';
import { servers } from '../support/provided.ts';

const SECRET = 'a secret of thirty-two characters or more';

export interface ApiHarness {
  readonly app: FastifyInstance;
  readonly deps: ApiDeps;
  readonly database: Database;
  readonly databaseUrl: string;
  readonly home: string;
  readonly taskQueue: string;
  /** Everything that was logged. */
  readonly logs: () => string;
  /** Makes a user with a key. */
  newUser(): Promise<{ userId: string; key: string }>;
  /** Objects, rows and files of uploads: all empty when nothing was left behind. */
  leftovers(): Promise<{ objects: string[]; uploads: string[]; images: number }>;
  /** Another API on the same database and objects. */
  build(overrides: Partial<ApiDeps>): FastifyInstance;
  close(): Promise<void>;
}

export async function startApi(): Promise<ApiHarness> {
  const testDatabase = await createTestDatabase();
  const database = createDatabase({ url: testDatabase.url, poolSize: 4 });
  const home = await mkdtemp(join(tmpdir(), 'tempera-api-'));
  const lines: string[] = [];
  const logger = pino(
    { level: 'trace' },
    new Writable({ write: (chunk, _encoding, done) => (lines.push(String(chunk)), done()) }),
  );
  const taskQueue = `api-test-${randomBytes(6).toString('hex')}`;
  const { address, namespace } = servers().temporal;
  const temporal = createTemporalGateway({ address, namespace, taskQueue });
  const publicUrl = 'http://api.test';
  const store = createFilesystemStore({ root: join(home, 'objects'), secret: SECRET, publicUrl });
  const deps: ApiDeps = {
    repositories: createRepositories(database),
    temporal,
    store,
    signedObjects: { verify: (url) => verifySignedObjectUrl({ secret: SECRET, ...url }) },
    inspectPhoto: inspectPhotoFile,
    logger,
    clock: () => new Date(),
    settings: {
      home,
      publicUrl,
      temporalNamespace: namespace,
      temporalUiUrl: 'http://ui.test',
      limits: NO_LIMITS,
      publishing: { buckets: [], namespaces: ['tempera-demo'] },
      diskGb: 120,
      uploadsPerKey: 6,
    },
  };
  const apps: FastifyInstance[] = [];
  const build = (overrides: Partial<ApiDeps>): FastifyInstance => {
    const app = buildApp({ ...deps, ...overrides });
    apps.push(app);
    return app;
  };
  return {
    app: build({}),
    deps,
    database,
    databaseUrl: testDatabase.url,
    home,
    taskQueue,
    logs: () => lines.join(''),
    build,
    async newUser() {
      const key = newApiKey();
      const user = await database.user.create({
        data: {
          email: `${randomBytes(6).toString('hex')}@example.org`,
          apiKeys: { create: { name: 'test', prefix: key.slice(0, 10), secretHash: sha256Hex(key) } },
        },
      });
      return { userId: user.id, key };
    },
    async leftovers() {
      const uploads = await readdir(join(home, 'uploads')).catch(() => []);
      return { objects: await store.list(''), uploads, images: await database.trainingImage.count() };
    },
    async close() {
      for (const app of apps) await app.close();
      await temporal.close();
      await database.$disconnect();
      await testDatabase.drop();
      await rm(home, { recursive: true, force: true });
    },
  };
}

/** Shorthand for requests of one user. */
export function client(app: FastifyInstance, key: string) {
  const send = async (options: InjectOptions) => {
    const response = await app.inject({ ...options, headers: { authorization: `Bearer ${key}`, ...options.headers } });
    const isJson = String(response.headers['content-type']).startsWith('application/json');
    // Tests look into answers of every shape.
    return { status: response.statusCode, body: isJson ? response.json() : response.body, headers: response.headers };
  };
  return {
    headers: { authorization: `Bearer ${key}` },
    get: (url: string, headers = {}) => send({ method: 'GET', url, headers }),
    post: (url: string, payload?: object, headers = {}) =>
      send({ method: 'POST', url, headers, ...(payload === undefined ? {} : { payload }) }),
    put: (url: string, payload: object) => send({ method: 'PUT', url, payload }),
    patch: (url: string, payload: object) => send({ method: 'PATCH', url, payload }),
    delete: (url: string) => send({ method: 'DELETE', url }),
    upload: (...files: UploadFile[]) => {
      const { body, contentType } = multipartBody(files);
      return send({ method: 'POST', url: '/v1/images', payload: body, headers: { 'content-type': contentType } });
    },
  };
}

export interface UploadFile {
  readonly filename: string;
  readonly bytes: Uint8Array;
}

export function multipartBody(files: readonly UploadFile[]): { body: Buffer; contentType: string } {
  const boundary = `----${randomBytes(12).toString('hex')}`;
  const parts = files.flatMap(({ filename, bytes }) => [
    Buffer.from(
      `--${boundary}\r\ncontent-disposition: form-data; name="files"; filename="${filename}"\r\ncontent-type: application/octet-stream\r\n\r\n`,
    ),
    bytes,
    Buffer.from('\r\n'),
  ]);
  return {
    body: Buffer.concat([...parts, Buffer.from(`--${boundary}--\r\n`)]),
    contentType: `multipart/form-data; boundary=${boundary}`,
  };
}
