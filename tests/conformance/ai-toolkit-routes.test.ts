/** What the real UI server answers besides the recorded exchanges, as it was seen on 2026-11-26 (ostris/ai-toolkit@27a03a91, 0.12.26). */
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { NO_DELAYS } from '../../emulator/client.ts';
import { podRequest, startCloud, until } from './world.ts';
import type { Json, TestWorld } from './world.ts';

let cloud: Awaited<ReturnType<typeof startCloud>>;
let at: TestWorld;
let pod: string;
beforeAll(async () => {
  cloud = await startCloud();
  at = await cloud.world('routes');
  pod = await at.pod('a');
});
afterAll(async () => cloud.close());

interface Reply {
  status: number;
  headers: http.IncomingHttpHeaders;
  text: string;
}

/** Without `fetch`, which would follow redirects, clean paths and unpack bodies. */
function send(
  method: string,
  path: string,
  {
    body,
    headers = {},
    world = at,
    podId = pod,
  }: { body?: unknown; headers?: object; world?: TestWorld; podId?: string } = {},
): Promise<Reply> {
  const target = new URL(world.url);
  const payload = body === undefined ? undefined : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  return new Promise((resolve, reject) => {
    const request = http.request(
      {
        host: target.hostname,
        port: target.port,
        method,
        path: `${target.pathname}/proxy/${podId}/8675${path}`,
        headers: { authorization: 'Bearer secret', ...headers, ...(payload && { 'content-length': payload.length }) },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            text: Buffer.concat(chunks).toString(),
          }),
        );
      },
    );
    request.on('error', reject);
    request.end(payload);
  });
}

const json = async (...args: Parameters<typeof send>): Promise<Json> => JSON.parse((await send(...args)).text);
const asFile = (path: string): string => `/api/files/${encodeURIComponent(path)}`;
const DATASETS = '/app/ai-toolkit/datasets';

describe('methods and paths', () => {
  it('HEAD of a route of GET is 200 without a body', async () => {
    expect(await send('HEAD', '/api/jobs')).toMatchObject({ status: 200, text: '' });
    expect((await send('HEAD', '/api/datasets/create')).status).toBe(405);
  });

  it.each([
    ['/api/jobs', 'GET, HEAD, OPTIONS, POST'],
    ['/api/datasets/create', 'OPTIONS, POST'],
  ])('OPTIONS of %s is 204 and names its methods', async (path, allow) => {
    expect(await send('OPTIONS', path)).toMatchObject({ status: 204, text: '', headers: { allow } });
  });

  it.each([
    ['/api/jobs/', '/api/jobs'],
    ['/api//jobs', '/api/jobs'],
    ['/api/jobs/?id=x', '/api/jobs?id=x'],
    ['/dashboard/', '/dashboard'],
  ])('%s is moved to %s', async (path, location) => {
    expect(await send('GET', path)).toMatchObject({ status: 308, headers: { location } });
  });

  it.each(['/api/nope', '/nope', '/jobs/a/b', '/api'])('%s is a page of 404', async (path) => {
    const reply = await send('GET', path);
    expect([reply.status, reply.headers['content-type']]).toEqual([404, 'text/html; charset=utf-8']);
    expect(reply.text).toMatch(/^<!DOCTYPE html>/);
  });

  it('pages need no password, routes do, `/api` is neither', async () => {
    const headers = { authorization: 'Bearer wrong' };
    const statuses = ['/', '/dashboard', '/jobs/new', '/api', '/api/jobs', '/api/nope'].map(
      async (path) => (await send('GET', path, { headers })).status,
    );
    expect(await Promise.all(statuses)).toEqual([307, 200, 200, 404, 401, 401]);
  });
});

describe('jobs', () => {
  const create = (name: string): Promise<Json> =>
    json('POST', '/api/jobs', { body: { name, gpu_ids: '0', job_config: { config: { name } } } });

  it('an empty id or job_ref lists all', async () => {
    const { id } = await create('job_list');
    for (const query of ['id=', 'job_ref=', 'job_type='])
      expect((await json('GET', `/api/jobs?${query}`)).jobs.map((job: Json) => job.id)).toContain(id);
  });

  it('an update changes only the fields that it names', async () => {
    const before = await create('job_partly');
    const after = await json('POST', '/api/jobs', { body: { id: before.id, name: 'job_renamed' } });
    expect(after).toEqual({ ...before, name: 'job_renamed', updated_at: expect.any(String) });
    expect((await json('POST', '/api/jobs', { body: { id: before.id, gpu_ids: '1' } })).gpu_ids).toBe('1');
  });

  it.each<[string, object]>([
    ['job_type: null', { job_type: null }],
    ['a number as name', { name: 7 }],
    ['a number as id', { id: 7 }],
  ])('%s is refused', async (_, fields) => {
    const reply = await send('POST', '/api/jobs', {
      body: { name: 'job_bad', gpu_ids: '0', job_config: {}, ...fields },
    });
    expect([reply.status, JSON.parse(reply.text)]).toEqual([500, { error: 'Failed to save training data' }]);
  });

  it('a name that is taken is refused in an update too', async () => {
    const [one] = [await create('job_one'), await create('job_two')];
    expect((await send('POST', '/api/jobs', { body: { id: one.id, name: 'job_two' } })).status).toBe(409);
  });

  it('a log from before its beginning begins at its beginning', async () => {
    const job = await at.train(pod, 'job_log');
    await at.ended(pod, job);
    const whole = await json('GET', `/api/jobs/${job}/log`);
    expect(await json('GET', `/api/jobs/${job}/log?offset=-1`)).toEqual({
      ...whole,
      log: `${whole.log}\0`,
      reset: false,
    });
    expect(await json('GET', `/api/jobs/${job}/log?offset=1.5`)).toEqual({
      ...whole,
      log: whole.log.slice(1),
      reset: false,
    });
    for (const query of ['limit=x', 'stride=x', 'since_step=x'])
      expect(await send('GET', `/api/jobs/${job}/loss?${query}`)).toMatchObject({ status: 500, text: '' });
  });
});

describe('files', () => {
  const TEXT = Buffer.from('0123456789');
  beforeAll(() =>
    at.upload(
      pod,
      'files',
      ['a.txt', 'a.json', 'a.safetensors', 'a..b.png'].map((name) => ({ name, bytes: TEXT })),
    ),
  );
  const path = (name: string): string => asFile(`${DATASETS}/files/${name}`);

  it.each([
    ['a.txt', 'application/octet-stream'],
    ['a.json', 'application/octet-stream'],
    ['a.safetensors', 'application/octet-stream'],
    ['a..b.png', 'image/png'],
  ])('%s is %s', async (name, type) => {
    expect((await send('HEAD', path(name))).headers['content-type']).toBe(type);
  });

  it.each<[string, string, number, string]>([
    ['backwards', 'bytes=5-2', 416, ''],
    ['of nothing that is there', 'bytes=10-', 416, ''],
    ['of the end', 'bytes=-3', 416, ''],
    ['of several parts gives the first', 'bytes=0-3,5-7', 206, '0123'],
    ['with a blank', 'bytes= 2-3', 206, '23'],
  ])('a range %s', async (_, range, status, text) => {
    for (const route of [path('a.txt'), path('a..b.png').replace('/files/', '/img/')]) {
      const reply = await send('GET', route, { headers: { range } });
      expect([reply.status, reply.text]).toEqual([status, text]);
      expect(Number(reply.headers['content-length'] ?? 0)).toBe(text.length);
    }
  });

  it('a way around inside the folders is followed, one out of them refused', async () => {
    const statuses = [
      `${DATASETS}/x/../files/a.txt`,
      `${DATASETS}/files/x..y`,
      `${DATASETS}/../../secret`,
      'app/a.txt',
    ].map(async (file) => (await send('GET', asFile(file))).status);
    expect(await Promise.all(statuses)).toEqual([200, 404, 403, 403]);
    expect((await send('GET', `${asFile(`${DATASETS}/files`)}/a.txt`)).text).toBe('0123456789');
  });

  it.each<[string, unknown, number, string]>([
    ['without a path', {}, 400, 'filePath is required'],
    ['without JSON', '{nope', 500, 'Internal Server Error'],
    ['of a broken path', { filePath: '%zz' }, 500, 'Internal Server Error'],
    ['outside', { filePath: '/etc/passwd' }, 403, 'Access denied'],
  ])('deleting %s is refused in plain text', async (_, body, status, text) => {
    const reply = await send('POST', '/api/files/delete', { body });
    expect([reply.status, reply.text, reply.headers['content-type']]).toEqual([
      status,
      text,
      'text/plain;charset=UTF-8',
    ]);
  });

  it('deleting decodes the path once more', async () => {
    await at.upload(pod, 'decoded', [{ name: 'a.txt', bytes: TEXT }]);
    const filePath = encodeURIComponent(`${DATASETS}/decoded/a.txt`);
    expect((await send('POST', '/api/files/delete', { body: { filePath } })).status).toBe(200);
    expect((await send('GET', asFile(`${DATASETS}/decoded/a.txt`))).status).toBe(404);
  });
});

describe('datasets and captions', () => {
  it('pictures come in the order of a language, packed when that is accepted', async () => {
    const names = ['B.png', 'a.png', '_c.png', 'A.png', 'b.png'];
    await at.upload(
      pod,
      'sorted',
      names.map((name) => ({ name, bytes: Buffer.from('x') })),
    );
    const body = { datasetName: 'sorted' };
    const { images } = await json('POST', '/api/datasets/listImages', { body });
    expect(images).toEqual(['_c.png', 'a.png', 'A.png', 'b.png', 'B.png']);
    for (const encoding of ['br', 'gzip']) {
      const reply = await send('POST', '/api/datasets/listImages', { body, headers: { 'accept-encoding': encoding } });
      expect([reply.status, reply.headers['content-encoding']]).toEqual([200, encoding]);
    }
    expect((await at.toolkit(pod, 'POST', '/api/datasets/listImages', body)).body.images).toEqual(images);
  });

  it('a number among the paths of pictures is ignored', async () => {
    const reply = await json('POST', '/api/caption/getBatch', { body: { imgPaths: [7, null, `${DATASETS}/no.png`] } });
    expect(reply).toEqual({ captions: { [`${DATASETS}/no.png`]: '' } });
  });

  it.each<[string, unknown, number, string]>([
    ['/api/caption/getBatch', '{nope', 499, ''],
    ['/api/caption/get', '{nope', 499, ''],
    ['/api/caption/get', {}, 500, 'Error getting caption'],
    ['/api/caption/getBatch', { imgPaths: [`${DATASETS}/no.png`], ext: 7 }, 500, ''],
    ['/api/datasets/listImages', {}, 500, ''],
    ['/api/datasets/listImages', '{nope', 500, ''],
    ['/api/img/caption', {}, 500, '{"error":"Failed to create dataset"}'],
    ['/api/img/delete', { imgPath: `${DATASETS}/a.txt` }, 400, '{"error":"Not an image"}'],
  ])('%s of %j is %i', async (path, body, status, text) => {
    expect(await send('POST', path, { body })).toMatchObject({ status, text });
  });

  it('a leading dot of the caption’s extension is left out', async () => {
    await at.upload(pod, 'dotted', [
      { name: 'a.png', bytes: Buffer.from('x') },
      { name: 'a.caption', bytes: Buffer.from('a photo') },
    ]);
    const body = { imgPath: `${DATASETS}/dotted/a.png`, ext: '.caption' };
    expect((await send('POST', '/api/caption/get', { body })).text).toBe('a photo');
  });

  it('a text in the place of a file is refused', async () => {
    const form = new FormData();
    form.append('files', 'a text');
    form.append('datasetName', 'texts');
    expect((await at.toolkit(pod, 'POST', '/api/datasets/upload', form)).status).toBe(500);
  });

  it('a folder below one that is missing is not made, the listing makes only itself', async () => {
    const point = (folder: string) =>
      json('POST', '/api/settings', {
        body: { HF_TOKEN: '', TRAINING_FOLDER: '', DATASETS_FOLDER: folder, MODELS_PATH: '' },
      });
    const statuses = async (): Promise<number[]> => [
      (await send('POST', '/api/datasets/create', { body: { name: 'x' } })).status,
      (await send('GET', '/api/datasets/list')).status,
      (await send('POST', '/api/datasets/create', { body: { name: 'x' } })).status,
    ];
    await point('/app/ai-toolkit/new');
    expect(await statuses()).toEqual([500, 200, 200]);
    await point('/app/ai-toolkit/far/away');
    expect(await statuses()).toEqual([500, 500, 500]);
    await point('');
    expect(await json('GET', '/api/settings')).toHaveProperty('HF_TOKEN', '');
  });
});

test('while the web app boots GETs wait, POSTs are refused, and files are served', async () => {
  const world = await cloud.world('boots', { delaysMs: { ...NO_DELAYS, ui: 3_600_000 } });
  const { id } = (await world.runpod('POST', '/v2/pods', podRequest('boots'))).body;
  const to = { world, podId: id };
  await until(async () => (await send('GET', asFile(`${DATASETS}/none`), to)).status === 404);
  let held = true;
  const waiting = send('GET', '/api/auth', to).finally(() => (held = false));
  expect(await send('POST', '/api/jobs', { ...to, body: {} })).toMatchObject({
    status: 502,
    text: 'UI server unavailable',
  });
  await sleep(50);
  expect(held).toBe(true);
  await world.advance(3_600_000);
  expect((await waiting).status).toBe(200);
  expect((await send('POST', '/api/jobs', { ...to, body: {} })).status).toBe(500);
});

test('a GET that waits for too long is refused', async () => {
  const world = await cloud.world('never-up', { delaysMs: { ...NO_DELAYS, ui: 3_600_000 } });
  const { id } = (await world.runpod('POST', '/v2/pods', podRequest('never'))).body;
  const to = { world, podId: id };
  await until(async () => (await send('GET', asFile(`${DATASETS}/none`), to)).status === 404);
  const waiting = send('GET', '/api/auth', to);
  // It is held by the time that the next request is answered.
  await send('POST', '/api/jobs', { ...to, body: {} });
  await world.advance(30_000);
  expect(await waiting).toMatchObject({ status: 502, text: 'UI server unavailable' });
});
