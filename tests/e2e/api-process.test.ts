/** The API as a process of its own: its first start, its restart, and settings that it cannot use. */
import { mkdtemp, readFile, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { processEnvironment } from '../../dev/environment.ts';
import { startChild, waitUntilReady } from '../../dev/child.ts';
import { freePort } from '../../dev/ports.ts';
import { startApiProcess } from '../../dev/processes.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { servers } from '../support/provided.ts';
import { photo } from './api-files.ts';
import { multipartBody } from './api-harness.ts';

/** Files and folders below this one that others may read. */
async function openToOthers(folder: string): Promise<string[]> {
  const names = await readdir(folder, { recursive: true });
  const open = await Promise.all(names.map(async (name) => ((await stat(join(folder, name))).mode & 0o077) !== 0));
  return names.filter((_, index) => open[index]);
}

describe('the API as a process', () => {
  let database: TestDatabase;
  let home: string;
  beforeAll(async () => {
    database = await createTestDatabase();
    home = await mkdtemp(join(tmpdir(), 'tempera-api-'));
  });
  afterAll(async () => {
    await database.drop();
    await rm(home, { recursive: true, force: true });
  });

  const start = async () => {
    const lines: string[] = [];
    const env = processEnvironment({
      home,
      databaseUrl: database.url,
      temporal: servers().temporal,
      worldUrl: null,
      api: { host: '127.0.0.1', port: await freePort() },
    });
    const api = await startApiProcess({ env, onLine: (line) => lines.push(line) });
    return { api, lines };
  };

  test('makes one key, serves a training, and comes back after its end with the same data', async () => {
    const first = await start();
    const key = (await readFile(join(home, 'api-key'), 'utf8')).trim();
    const headers = { authorization: `Bearer ${key}` };
    const form = multipartBody([{ filename: 'a.jpg', bytes: await photo() }]);
    const uploaded = await fetch(`${first.api.url}/v1/images`, {
      method: 'POST',
      headers: { ...headers, 'content-type': form.contentType },
      body: form.body,
    });
    const { images } = (await uploaded.json()) as { images: { id: string }[] };
    const started = await fetch(`${first.api.url}/v1/trainings`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify({ imageIds: [images[0]!.id], baseModel: 'flux', triggerWord: 'ohwx' }),
    });
    const training = (await started.json()) as { id: string };
    const stream = await fetch(`${first.api.url}/v1/trainings/${training.id}/events`, { headers });
    const before = performance.now();
    await first.api.stop();
    const tookMs = performance.now() - before;
    const text = await stream.text();

    const second = await start();
    const again = await fetch(`${second.api.url}/v1/trainings/${training.id}`, { headers });
    await second.api.stop();

    expect(started.status).toBe(201);
    expect(text).toContain('event: training.queued');
    expect(tookMs).toBeLessThan(10_000);
    // Logs are read by more people than may have the operator's key.
    expect(first.lines.filter((line) => line.includes(key))).toEqual([]);
    expect(first.lines.filter((line) => line.includes(join(home, 'api-key')))).toHaveLength(1);
    expect(await openToOthers(home)).toEqual([]);
    expect(first.lines.some((line) => line.includes('"api ready"'))).toBe(true);
    expect(again.status).toBe(200);
    expect(second.lines.join('\n')).not.toContain('api-key');
  });

  test('ends with one line for each setting that cannot be used, and without the password', async () => {
    const { code, text } = await run({
      LOG_LEVEL: 'loud',
      DATABASE_URL: 'postgresql://ada:hunter2@db:port/tempera',
      TEMPORAL_TLS: 'yes',
    });

    expect(code).toBe(1);
    expect(text.trim().split('\n')).toEqual([
      'The environment is not usable:',
      expect.stringMatching(/^- DATABASE_URL must be/),
      expect.stringMatching(/^- LOG_LEVEL must be/),
      expect.stringMatching(/^- TEMPORAL_TLS must be/),
    ]);
    expect(text).not.toContain('hunter2');
  });

  test.each([
    ['a wrong password', (url: URL) => (url.password = 'hunter2'), /PostgreSQL rejects the user postgres/],
    ['a database that does not exist', (url: URL) => (url.pathname = '/nowhere'), /has no database nowhere/],
  ])('says once that it will never work with %s, and why', async (_what, change, why) => {
    const url = new URL(database.url);
    change(url);
    const started = await startApart({ DATABASE_URL: url.href });
    for (let probe = 1; probe <= 3; probe += 1) expect((await fetch(`${started.url}/readyz`)).status).toBe(503);
    await expect.poll(() => started.lines().filter((line) => why.test(line)).length).toBeGreaterThan(1);
    const lines = started.lines().filter((line) => why.test(line));
    await started.stop();

    // By the first key, and by the check of readiness.
    expect(lines.map((line) => (JSON.parse(line) as { part?: string }).part ?? 'key').toSorted()).toEqual([
      'database',
      'key',
    ]);
    expect(started.lines().join('\n')).not.toContain('hunter2');
  });

  /** Runs the API until it ends by itself. */
  async function run(env: Record<string, string>): Promise<{ code: number | null; text: string }> {
    const child = startChild({ ...(await command(env)), name: 'API' });
    const { code } = await child.exited;
    return { code, text: child.lastLines() };
  }

  /** Starts an API that never gets ready. */
  async function startApart(env: Record<string, string>) {
    const lines: string[] = [];
    const options = await command(env);
    const child = startChild({ ...options, name: 'API', onLine: (line) => lines.push(line) });
    const url = `http://127.0.0.1:${options.env['API_PORT']}`;
    await waitUntilReady(child, () =>
      fetch(`${url}/healthz`).then(
        ({ ok }) => ok,
        () => false,
      ),
    );
    return { url, lines: () => lines, stop: () => child.stop() };
  }

  async function command(env: Record<string, string>) {
    const all = processEnvironment({
      home,
      databaseUrl: database.url,
      temporal: servers().temporal,
      worldUrl: null,
      api: { host: '127.0.0.1', port: await freePort() },
      extra: env,
    });
    return { command: process.execPath, args: ['dist/api/main.js'], env: all };
  }
});
