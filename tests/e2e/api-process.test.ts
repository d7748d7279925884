import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { processEnvironment } from '../../dev/environment.ts';
import { freePort } from '../../dev/ports.ts';
import { startApiProcess } from '../../dev/processes.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { servers } from '../support/provided.ts';
import { photo } from './api-files.ts';
import { multipartBody } from './api-harness.ts';

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
    expect(first.lines.filter((line) => line.includes(key))).toEqual([expect.stringContaining('shown once')]);
    expect(first.lines.some((line) => line.includes('"api ready"'))).toBe(true);
    expect(again.status).toBe(200);
    expect(second.lines.join('\n')).not.toContain('shown once');
  });
});
