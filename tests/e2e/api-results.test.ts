/** What the API tells of a training: events, links to files, and the founding documents' routes. */
import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { followTraining } from '../../api/trainings/events.ts';
import { photo } from './api-files.ts';
import { client, startApi } from './api-harness.ts';
import type { ApiHarness } from './api-harness.ts';

describe('events, artifacts and the founding documents’ routes', () => {
  let api: ApiHarness;
  let address: string;
  beforeAll(async () => {
    api = await startApi();
    address = await api.app.listen({ port: 0, host: '127.0.0.1' });
  });
  afterAll(() => api.close());

  const newTraining = async () => {
    const { key, userId } = await api.newUser();
    const user = client(api.app, key);
    const uploaded = await user.upload({ filename: 'a.jpg', bytes: await photo() });
    const started = await user.post('/v1/trainings', {
      imageIds: [uploaded.body.images[0].id],
      baseModel: 'flux',
      triggerWord: 'ohwx',
      characterId: 'ada',
    });
    return { ...user, key, userId, id: started.body.id as string, imageId: uploaded.body.images[0].id as string };
  };
  const happen = (id: string, userId: string, topic: string, payload = {}) =>
    api.database.outboxEvent.create({
      data: { topic, userId, loraModelId: id, dedupeKey: `${id}:${topic}:${Math.random()}`, payload },
    });
  const follow = (id: string, key: string, headers = {}, query = '') =>
    fetch(`${address}/v1/trainings/${id}/events${query}`, { headers: { 'x-api-key': key, ...headers } });

  test('streams what happened and what happens, and ends when all is over', async () => {
    const { id, key, userId } = await newTraining();
    const response = await follow(id, key);
    const text = response.text();
    await happen(id, userId, 'training.failed', {
      reason: 'TRAINER_ERROR',
      podId: 'secret-pod',
      pod: { externalId: 'secret-pod' },
    });
    await api.database.loraModel.update({
      where: { id },
      data: { status: 'training', phase: 'training', progressStep: 10, loss: 0.5 },
    });
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    await happen(id, userId, 'training.ready');
    const events = parse(await text);

    expect(response.headers.get('content-type')).toBe('text/event-stream');
    expect(events.filter((event) => event.id !== undefined).map((event) => event.event)).toEqual([
      'training.queued',
      'training.failed',
      'training.ready',
    ]);
    expect(events.find((event) => event.event === 'progress' && event.data.progress.step === 10)?.id).toBeUndefined();
    expect(await text).not.toContain('secret-pod');
  });

  test('resumes after the last event that the client saw', async () => {
    const { id, key, userId } = await newTraining();
    const failed = await happen(id, userId, 'training.failed');
    await happen(id, userId, 'training.cancelled');
    const byHeader = parse(await (await follow(id, key, { 'last-event-id': String(failed.seq) })).text());
    const byQuery = parse(await (await follow(id, key, {}, `?after=${failed.seq}`)).text());

    for (const events of [byHeader, byQuery]) {
      expect(events.filter((event) => event.id !== undefined).map((event) => event.event)).toEqual([
        'training.cancelled',
      ]);
    }
  });

  test('ends at once when everything was seen and the training is over', async () => {
    const { id, key, userId } = await newTraining();
    const last = await happen(id, userId, 'training.ready');
    await api.database.loraModel.update({ where: { id }, data: { status: 'ready', phase: 'done' } });
    const events = parse(await (await follow(id, key, { 'last-event-id': String(last.seq) })).text());

    expect(events.map((event) => event.event)).toEqual(['progress']);
  });

  test('ends with a failure, and goes on once a retry is on its way', async () => {
    const { id, key, userId, post } = await newTraining();
    const retryUntil = new Date(Date.now() + 60_000);
    await api.database.loraModel.update({
      where: { id },
      data: { status: 'failed', phase: 'awaiting_retry', reason: 'TRAINER_ERROR', retryUntil },
    });
    const failed = await happen(id, userId, 'training.failed', { awaitsRetryUntil: retryUntil.toISOString() });
    const first = parse(await (await follow(id, key)).text());
    const retried = await post(`/v1/trainings/${id}/retry`);
    const second = (await follow(id, key, { 'last-event-id': String(failed.seq) })).text();
    await happen(id, userId, 'training.phase');
    await happen(id, userId, 'training.ready');

    expect(first.map((event) => event.event)).toEqual(['training.queued', 'training.failed', 'progress']);
    expect(first.at(-1)!.data).toMatchObject({ status: 'failed', awaitsRetryUntil: retryUntil.toISOString() });
    expect(retried).toMatchObject({ status: 202, body: { awaitsRetryUntil: null } });
    expect(parse(await second).map((event) => event.event)).toEqual(
      expect.arrayContaining(['training.phase', 'training.ready']),
    );
  });

  test('ends when a failed training waits for nobody any more', async () => {
    const { id, key } = await newTraining();
    await api.database.loraModel.update({ where: { id }, data: { status: 'failed', phase: 'done', reason: 'AUTH' } });
    const events = parse(await (await follow(id, key)).text());

    expect(events.at(-1)!.data).toMatchObject({ status: 'failed', awaitsRetryUntil: null });
  });

  test('a quiet connection gets a comment now and then', async () => {
    const { id, userId } = await newTraining();
    const stop = new AbortController();
    const pieces: string[] = [];
    for await (const piece of followTraining(api.deps, {
      userId,
      trainingId: id,
      after: 0n,
      signal: stop.signal,
      pollMs: 1,
      heartbeatMs: 1,
    })) {
      pieces.push(piece);
      if (piece.startsWith(':')) stop.abort();
    }

    expect(pieces.at(-1)).toBe(': still here\n\n');
  });

  test('a stopping server ends its streams', async () => {
    const { id, key } = await newTraining();
    const app = api.build({});
    const own = await app.listen({ port: 0, host: '127.0.0.1' });
    const response = await fetch(`${own}/v1/trainings/${id}/events`, { headers: { 'x-api-key': key } });
    const text = response.text();
    await app.close();

    expect(parse(await text).map((event) => event.event)).toContain('training.queued');
  });

  test('shows a stranger nothing', async () => {
    const { id } = await newTraining();
    const { key } = await api.newUser();

    expect((await follow(id, key)).status).toBe(404);
    expect((await client(api.app, key).get(`/v1/trainings/${id}/artifact`)).status).toBe(404);
    expect((await client(api.app, key).post(`/lora/training/${id}/download`)).status).toBe(404);
  });

  test('hands out the artifact by links that expire', async () => {
    const { id, get, post, key } = await newTraining();
    const early = await get(`/v1/trainings/${id}/artifact`);
    const bytes = Buffer.from('0123456789'.repeat(100));
    const stored = await api.deps.store.put(`artifacts/${id}/ohwx.safetensors`, bytes);
    const file = { name: 'ohwx.safetensors', key: stored.key, sizeBytes: stored.sizeBytes, sha256: stored.sha256 };
    await api.database.loraModel.update({
      where: { id },
      data: { status: 'ready', phase: 'done', artifact: { files: [file], step: 1000 } },
    });
    const { body } = await get(`/v1/trainings/${id}/artifact`);
    const alias = await post(`/lora/training/${id}/download`);
    const training = await get(`/v1/trainings/${id}`);
    const path = body.files[0].url.replace('http://api.test', '');
    const whole = await api.app.inject({ url: path });
    const part = await api.app.inject({ url: path, headers: { range: 'bytes=10-19' } });
    const tail = await api.app.inject({ url: path, headers: { range: 'bytes=-5' } });
    const beyond = await api.app.inject({ url: path, headers: { range: 'bytes=5000-' } });
    const head = await api.app.inject({ method: 'HEAD', url: path });
    const forgedHead = await api.app.inject({ method: 'HEAD', url: `${path}0` });
    const forged = await api.app.inject({ url: path.replace(id, '01890000-0000-7000-8000-000000000000') });
    const late = await api.build({ clock: () => new Date(Date.now() + 301_000) }).inject({ url: path });

    expect(early).toMatchObject({ status: 409, body: { code: 'NOT_READY' } });
    expect(body.files).toMatchObject([{ name: file.name, sizeBytes: 1000, sha256: file.sha256 }]);
    expect(training.body.artifact).toEqual({
      step: 1000,
      files: [{ name: file.name, sizeBytes: 1000, sha256: file.sha256 }],
    });
    expect(whole.statusCode).toBe(200);
    expect(whole.rawPayload.equals(bytes)).toBe(true);
    expect(whole.headers).toMatchObject({
      'content-length': '1000',
      'content-disposition': expect.stringContaining('ohwx.safetensors'),
    });
    expect([part.statusCode, part.body, part.headers['content-range']]).toEqual([
      206,
      '0123456789',
      'bytes 10-19/1000',
    ]);
    expect([tail.statusCode, tail.body]).toEqual([206, '56789']);
    expect([head.statusCode, head.body, head.headers['content-length'], head.headers.etag]).toEqual([
      200,
      '',
      '1000',
      `"${file.sha256}"`,
    ]);
    expect(forgedHead.statusCode).toBe(403);
    expect([beyond.statusCode, forged.statusCode, late.statusCode]).toEqual([416, 403, 403]);
    expect(alias.body).toMatchObject({
      loraModelId: id,
      filename: file.name,
      sizeBytes: 1000,
      modelUrl: expect.stringContaining('/v1/objects/'),
    });
    expect(api.logs()).not.toContain('signature=');
    expect(api.logs()).not.toContain(key);
  });

  test('the founding documents’ start and status speak their own words', async () => {
    const { post, get, imageId, id } = await newTraining();
    const busy = await post('/lora/training/start', {
      characterId: 'ada',
      imageIds: [imageId],
      baseModel: 'flux',
      triggerWord: 'ohwx',
    });
    const started = await post('/lora/training/start', {
      characterId: 'eve',
      userId: 'u-1',
      imageIds: [imageId],
      baseModel: 'one-2.2',
      triggerWord: 'ohwx',
      steps: 2500,
      lowVRAM: true,
      sampleCount: 2,
    });
    await api.database.loraModel.update({
      where: { id: started.body.loraModelId },
      data: { progressStep: 625, trainingCost: 120, retryCount: 1 },
    });
    const status = await get(`/lora/training/${started.body.loraModelId}/status`);
    const row = await api.database.loraModel.findUniqueOrThrow({ where: { id: started.body.loraModelId } });

    expect(busy.body.code).toBe('CHARACTER_BUSY');
    expect(started).toMatchObject({
      status: 201,
      body: { trainingJobId: `lora-training/${started.body.loraModelId}` },
    });
    expect(started.body.loraModelId).not.toBe(id);
    expect(row.config).toMatchObject({
      baseModel: 'wan-2.2',
      characterId: 'eve',
      recipe: { steps: 2500, lowVram: true, sampleCount: 2 },
    });
    expect(status.body).toMatchObject({
      status: 'pending',
      characterId: 'eve',
      progress: { step: 625, totalSteps: 2500, percent: 25 },
      trainingCost: 120,
      retryCount: 1,
      modelPath: null,
      modelUrl: null,
    });
  });

  test('the founding documents’ routes know datasets, destinations, a ceiling and both files of Wan 2.2', async () => {
    const { post, imageId } = await newTraining();
    const dataset = await post('/v1/datasets', { name: 'eve', imageIds: [imageId] });
    const destinations = [{ kind: 'huggingface', repo: 'tempera-demo/eve' }];
    const body = { characterId: 'eve', baseModel: 'one-2.2', triggerWord: 'ohwx', datasetId: dataset.body.id };
    const both = await post('/lora/training/start', { ...body, imageIds: [imageId] });
    const neither = await post('/lora/training/start', { ...body, datasetId: undefined });
    const started = await post('/lora/training/start', { ...body, destinations, maxCostUsd: 2.5 });
    const id = started.body.loraModelId as string;
    const files = await Promise.all(
      ['high', 'low'].map(async (noise) => {
        const name = `ohwx_${noise}_noise.safetensors`;
        const { key, sizeBytes, sha256 } = await api.deps.store.put(`artifacts/${id}/${name}`, Buffer.from(noise));
        return { name, key, sizeBytes, sha256 };
      }),
    );
    const row = await api.database.loraModel.update({
      where: { id },
      data: { status: 'ready', phase: 'done', artifact: { files, step: 10 } },
    });
    const download = await post(`/lora/training/${id}/download`);

    for (const refused of [both, neither])
      expect(refused).toMatchObject({
        status: 422,
        body: { details: ['exactly one of imageUrls, imageIds and datasetId must be given'] },
      });
    expect(row).toMatchObject({ datasetId: dataset.body.id, ceilingMicroUsd: 2_500_000n, config: { destinations } });
    expect(download.body).toMatchObject({ filename: files[0]!.name, sha256: files[0]!.sha256 });
    expect(download.body.files).toMatchObject(
      files.map(({ name, sizeBytes, sha256 }) => ({ name, sizeBytes, sha256, url: expect.any(String) })),
    );
  });

  describe('image URLs', () => {
    let server: Server;
    let base: string;
    let bytes: Buffer;
    const answers: Record<string, RequestListener> = {
      '/a.jpg': (_request, response) => response.end(bytes),
      '/moved': (_request, response) => response.writeHead(302, { location: '/a.jpg' }).end(),
      '/loop': (_request, response) => response.writeHead(302, { location: '/loop' }).end(),
      '/text': (_request, response) => response.end('words'),
      '/file': (_request, response) => response.writeHead(302, { location: 'file:///etc/passwd' }).end(),
      '/huge': (_request, response) => response.end(Buffer.alloc(31_000_000, 1)),
      '/switching': (_request, response) =>
        response.socket?.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n'),
      '/closing': (_request, response) => response.socket?.end(),
    };
    beforeAll(async () => {
      bytes = await photo();
      server = createServer((request, response) =>
        (answers[request.url ?? ''] ?? ((_, missing) => missing.writeHead(404).end()))(request, response),
      );
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    });
    afterAll(() => void server.close());

    const start = async (imageUrls: string[], allowPrivateImageUrls: boolean) => {
      const { key, userId } = await api.newUser();
      const app = api.build({ settings: { ...api.deps.settings, allowPrivateImageUrls } });
      const answer = await client(app, key).post('/lora/training/start', {
        characterId: 'ada',
        imageUrls,
        baseModel: 'flux',
        triggerWord: 'ohwx',
      });
      return {
        ...answer,
        objects: await api.deps.store.list(`images/${userId}/`),
        trainings: await api.database.loraModel.count({ where: { userId } }),
      };
    };

    test('are fetched, also behind a redirect, and stored once', async () => {
      const answer = await start([`${base}/a.jpg`, `${base}/moved`], true);

      expect(answer.status).toBe(201);
      expect(answer.objects).toHaveLength(1);
    });

    test('that fail are all named, and nothing is left behind', async () => {
      const answer = await start(
        [
          `${base}/a.jpg`,
          `${base}/none`,
          `${base}/text`,
          `${base}/loop`,
          `${base}/file`,
          `${base}/huge`,
          `${base}/switching`,
          `${base}/closing`,
          'nonsense',
          'ftp://x/y',
        ],
        true,
      );

      expect(answer).toMatchObject({ status: 422, body: { code: 'IMAGE_URLS' }, objects: [], trainings: 0 });
      expect(answer.body.details).toHaveLength(9);
      expect(answer.body.details).toContain('imageUrls[6]: the host answered 101');
      expect((await api.leftovers()).uploads).toEqual([]);
    });

    test('that lead into our own network are refused', async () => {
      const urls = [
        `${base}/a.jpg`,
        base.replace('127.0.0.1', 'localhost'),
        'http://[::1]/a',
        'http://169.254.169.254/latest',
        'http://0x7f.1/',
        'http://[::ffff:10.0.0.1]/',
        'http://u:p@example.org/',
      ];
      const answer = await start(urls, false);

      expect(answer).toMatchObject({ status: 422, body: { code: 'IMAGE_URLS' }, objects: [], trainings: 0 });
      expect(answer.body.details).toHaveLength(urls.length);
      expect(
        answer.body.details.filter((detail: string) => detail.includes('not on the public internet')),
      ).toHaveLength(6);
    });
  });
});

// oxlint-disable-next-line typescript/no-explicit-any -- tests look into events of every shape
function parse(text: string): { id?: string; event: string; data: any }[] {
  return text
    .split('\n\n')
    .filter((block) => block.includes('data: '))
    .map((block) => {
      const fields = Object.fromEntries(
        block.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
      );
      return { ...fields, data: JSON.parse(fields['data'] ?? 'null') } as { id?: string; event: string; data: unknown };
    });
}
