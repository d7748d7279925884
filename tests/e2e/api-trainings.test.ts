/** Trainings over HTTP where no worker is up: accepted once, refused with all faults, listed, signalled. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTemporalGateway } from '../../api/temporal.ts';
import { trainingWorkflowId } from '../../workflows/contract.ts';
import { temporalConnection } from '../support/temporal.ts';
import { photo } from './api-files.ts';
import { client, startApi } from './api-harness.ts';
import type { ApiHarness } from './api-harness.ts';

describe('trainings', () => {
  let api: ApiHarness;
  beforeAll(async () => {
    api = await startApi();
  });
  afterAll(() => api.close());

  const newClient = async () => {
    const { key, userId } = await api.newUser();
    const user = client(api.app, key);
    const uploaded = await user.upload(
      { filename: 'a.jpg', bytes: await photo() },
      { filename: 'b.jpg', bytes: await photo() },
    );
    const imageIds = uploaded.body.images.map((image: { id: string }) => image.id) as string[];
    return { ...user, key, userId, imageIds, body: { imageIds, baseModel: 'flux', triggerWord: 'ohwx' } };
  };

  test('takes thirty requests of one user at once, each with a key', async () => {
    const user = await newClient();
    const start = (index: number) => user.post('/v1/trainings', user.body, { 'idempotency-key': `at-once-${index}` });
    const answers = await Promise.all(Array.from({ length: 30 }, (_, index) => start(index)));
    // A query waits 2.5 s at most: on a busy machine the last ones are told to come again, and do.
    const late = answers.flatMap(({ status }, index) => (status === 503 ? [index] : []));
    for (const index of late) expect([200, 201]).toContain((await start(index)).status);

    expect(answers.filter(({ status }) => status !== 201 && status !== 503)).toEqual([]);
    expect(late.length).toBeLessThan(15);
    expect(await api.database.loraModel.count({ where: { userId: user.userId } })).toBe(30);
  });

  test('starts a workflow that an operator can find, and says where it stands', async () => {
    const user = await newClient();
    const dataset = await user.post('/v1/datasets', {
      name: 'Ada',
      imageIds: user.imageIds,
      captions: { [user.imageIds[0]!]: 'ohwx reading' },
    });
    const started = await user.post('/v1/trainings', {
      name: 'Ada *bold*',
      datasetId: dataset.body.id,
      baseModel: 'one-2.1',
      triggerWord: 'ohwx',
      characterId: 'ada',
      recipe: { steps: 700 },
    });
    const { id } = started.body;
    const { connection, namespace } = await temporalConnection();
    const described = await connection.workflowService.describeWorkflowExecution({
      namespace,
      execution: { workflowId: trainingWorkflowId(id) },
    });
    await connection.close();

    expect(dataset.body.images.map((image: { caption: string | null }) => image.caption)).toEqual([
      'ohwx reading',
      null,
    ]);
    expect(started.status).toBe(201);
    expect(started.body).toMatchObject({
      status: 'pending',
      phase: 'queued',
      baseModel: 'wan-2.1',
      characterId: 'ada',
      attempt: 0,
      artifact: null,
      publications: [],
      progress: { step: 0, totalSteps: 700 },
      cost: { microUsd: 0, usd: '$0.0000' },
      links: {
        self: `http://api.test/v1/trainings/${id}`,
        temporalUi: expect.stringContaining(encodeURIComponent(trainingWorkflowId(id))),
      },
    });
    expect(Object.keys(described.workflowExecutionInfo?.searchAttributes?.indexedFields ?? {})).toEqual(
      expect.arrayContaining(['LoraStatus', 'LoraPhase', 'LoraOwner', 'LoraCharacter', 'LoraBaseModel', 'LoraBackend']),
    );
    expect(String(described.executionConfig?.userMetadata?.details?.data)).toContain('2 photos');
    expect((await user.get(`/v1/trainings/${id}`)).body).toEqual(started.body);
    expect(await api.database.outboxEvent.findMany({ where: { loraModelId: id } })).toMatchObject([
      { topic: 'training.queued' },
    ]);
  });

  test('names all faults at once and leaves nothing behind', async () => {
    const user = await newClient();
    const answer = await user.post('/v1/trainings', {
      imageIds: user.imageIds,
      baseModel: 'nope',
      triggerWord: '--w',
      characterId: '../x',
      recipe: { steps: 0, rank: 999 },
      destinations: [{ kind: 'huggingface', repo: 'nobody' }],
      intervals: { watchPollMs: 1 },
    });

    expect(answer).toMatchObject({ status: 422, body: { code: 'VALIDATION' } });
    expect(answer.body.details.length).toBeGreaterThanOrEqual(7);
    expect(await api.database.dataset.count({ where: { userId: user.userId } })).toBe(0);
  });

  test('knows GPU types by our own names, in any spelling, and says what a wrong one may have meant', async () => {
    const user = await newClient();
    const wrongBody = { ...user.body, compute: { gpus: ['RTX 4090', 'RTX 4900'] } };
    const wrongName = await user.post('/v1/trainings', wrongBody);
    const wrongQuote = await user.post('/v1/quotes', { baseModel: 'flux', compute: wrongBody.compute });
    const gpus = ['RTX_4090', 'rtx5090', 'NVIDIA H100 80GB HBM3'];
    const { body } = await user.post('/v1/trainings', { ...user.body, compute: { gpus } });
    const { config } = await api.database.loraModel.findUniqueOrThrow({ where: { id: body.id } });

    for (const answer of [wrongName, wrongQuote]) {
      expect(answer).toMatchObject({ status: 422, body: { code: 'VALIDATION' } });
      expect(answer.body.details).toEqual([expect.stringMatching(/"RTX 4900" is not known.*RTX 4090/)]);
    }
    expect(config).toMatchObject({ compute: { gpus: ['RTX 4090', 'RTX 5090', 'H100 SXM'] } });
  });

  test('refuses destinations that are not allowed to this user, and names those that are', async () => {
    const user = await newClient();
    const publishing = { buckets: ['loras', 'shared'], namespaces: ['tempera-demo', 'studio/{user}-'] };
    const app = api.build({ settings: { ...api.deps.settings, publishing } });
    const start = (destinations: readonly object[]) =>
      client(app, user.key).post('/v1/trainings', {
        imageIds: user.imageIds,
        baseModel: 'flux',
        triggerWord: 'ohwx',
        destinations,
      });

    const refused = await start([
      { kind: 's3', bucket: 'tempera-objects' },
      { kind: 's3', bucket: 'no-such-bucket' },
      { kind: 'huggingface', repo: 'tempera-demo-2/mia' },
      { kind: 'huggingface', repo: 'studio/somebody-else-mia' },
    ]);
    const buckets = 'bucket must be one that may be published to: loras, shared';
    const places = `repo must begin with tempera-demo/ or studio/${user.userId}-`;

    expect(refused).toMatchObject({
      status: 422,
      body: {
        code: 'VALIDATION',
        details: [
          `destinations[0]: ${buckets}`,
          `destinations[1]: ${buckets}`,
          `destinations[2]: ${places}`,
          `destinations[3]: ${places}`,
        ],
      },
    });
    expect(await api.database.loraModel.count({ where: { userId: user.userId } })).toBe(0);
    expect(
      await start([
        { kind: 's3' },
        { kind: 's3', bucket: 'shared', key: 'mia.safetensors' },
        { kind: 'huggingface', repo: `studio/${user.userId}-mia` },
      ]),
    ).toMatchObject({ status: 201 });
  });

  const wrong: [string, (body: Record<string, unknown>) => unknown][] = [
    ['a missing base model', ({ baseModel: _, ...body }) => body],
    ['no photos', (body) => ({ ...body, imageIds: [] })],
    ['neither photos nor dataset', ({ imageIds: _, ...body }) => body],
    ['photos of nobody', (body) => ({ ...body, imageIds: ['01890000-0000-7000-8000-000000000000'] })],
    ['a number as text', (body) => ({ ...body, recipe: { steps: '100' } })],
    ['a field nobody knows', (body) => ({ ...body, imageId: 1 })],
    ['a list', () => []],
  ];
  test.for(wrong)('refuses %s', async ([, change]) => {
    const user = await newClient();
    const answer = await user.post('/v1/trainings', change(user.body) as object);

    expect(answer).toMatchObject({ status: 422, body: { code: 'VALIDATION', details: expect.any(Array) } });
    expect(await api.database.loraModel.count({ where: { userId: user.userId } })).toBe(0);
    expect(await api.database.dataset.count({ where: { userId: user.userId } })).toBe(0);
  });

  test('repeats with one key start one training, whatever happens at once', async () => {
    const user = await newClient();
    const headers = { 'idempotency-key': 'order-1' };
    const answers = await Promise.all(Array.from({ length: 6 }, () => user.post('/v1/trainings', user.body, headers)));
    const later = await user.post('/v1/trainings', user.body, headers);
    const other = await user.post('/v1/trainings', { ...user.body, triggerWord: 'else' }, headers);

    expect(answers.map((answer) => answer.status).sort((a, b) => a - b)).toEqual([200, 200, 200, 200, 200, 201]);
    expect(new Set([...answers, later].map((answer) => answer.body.id)).size).toBe(1);
    expect(later.status).toBe(200);
    expect(other).toMatchObject({ status: 409, body: { code: 'IDEMPOTENCY_CONFLICT' } });
    expect(await api.database.loraModel.count({ where: { userId: user.userId } })).toBe(1);
    expect(await api.database.dataset.count({ where: { userId: user.userId } })).toBe(1);
  });

  test('a character has one active training', async () => {
    const user = await newClient();
    const body = { ...user.body, characterId: 'ada' };
    const answers = await Promise.all([user.post('/v1/trainings', body), user.post('/v1/trainings', body)]);

    expect(answers.map((answer) => answer.status).sort((a, b) => a - b)).toEqual([201, 409]);
    expect(answers.find((answer) => answer.status === 409)?.body.code).toBe('CHARACTER_BUSY');
  });

  test('with Temporal down it answers 503 quickly, and the same key starts that training later', async () => {
    const user = await newClient();
    const unreachable = createTemporalGateway({ address: '127.0.0.1:1', namespace: 'default' });
    const cut = client(api.build({ temporal: unreachable }), user.key);
    const headers = { 'idempotency-key': 'order-2' };
    const before = performance.now();
    const refused = await cut.post('/v1/trainings', user.body, headers);
    const tookMs = performance.now() - before;
    const [row] = await api.database.loraModel.findMany({ where: { userId: user.userId } });
    const refusedAgain = await cut.post('/v1/trainings', user.body, headers);
    const ready = await cut.get('/readyz');
    const cancelled = await cut.post(`/v1/trainings/${row!.id}/cancel`);
    const started = await user.post('/v1/trainings', user.body, headers);
    await unreachable.close();

    expect(refused).toMatchObject({ status: 503, body: { code: 'NOT_STARTED' } });
    // A call without a deadline hangs for 19 s.
    expect(tookMs).toBeLessThan(12_000);
    expect(row).toMatchObject({ status: 'failed', reason: 'NOT_STARTED' });
    expect(refusedAgain.status).toBe(503);
    expect(ready).toMatchObject({
      status: 503,
      body: { parts: { database: 'ok', temporal: 'unavailable', objectStore: 'ok' } },
    });
    expect(cancelled).toMatchObject({ status: 409, body: { code: 'NOT_STARTED' } });
    expect(started).toMatchObject({ status: 201, body: { id: row!.id, status: 'pending', reason: null } });
    expect(await api.database.loraModel.count({ where: { userId: user.userId } })).toBe(1);
  });

  test('cancel and retry are signals that wait for a worker', async () => {
    const user = await newClient();
    const { body } = await user.post('/v1/trainings', user.body);
    const wrongRetry = await user.post(`/v1/trainings/${body.id}/retry`, { overrides: { steps: -1 } });
    const retried = await user.post(`/v1/trainings/${body.id}/retry`, { overrides: { steps: 50 } });
    const retriedPlain = await user.post(`/v1/trainings/${body.id}/retry`);
    const cancelled = await user.post(`/v1/trainings/${body.id}/cancel`);
    const { connection, namespace } = await temporalConnection();
    const { history } = await connection.workflowService.getWorkflowExecutionHistory({
      namespace,
      execution: { workflowId: trainingWorkflowId(body.id) },
    });
    await connection.close();
    const signals = (history?.events ?? []).flatMap(
      (event) => event.workflowExecutionSignaledEventAttributes?.signalName ?? [],
    );

    expect(wrongRetry).toMatchObject({ status: 422, body: { details: [expect.stringContaining('overrides.steps')] } });
    expect([retried.status, retriedPlain.status, cancelled.status]).toEqual([202, 202, 202]);
    expect(signals).toEqual(['retryTraining', 'retryTraining', 'cancelTraining']);
  });

  test('what has ended cannot be cancelled, and what has no workflow says so', async () => {
    const user = await newClient();
    const { body } = await user.post('/v1/trainings', user.body);
    await api.database.loraModel.update({ where: { id: body.id }, data: { status: 'ready', phase: 'done' } });
    const ended = await user.post(`/v1/trainings/${body.id}/cancel`);
    const { connection, namespace } = await temporalConnection();
    await connection.workflowService.terminateWorkflowExecution({
      namespace,
      workflowExecution: { workflowId: trainingWorkflowId(body.id) },
    });
    await connection.close();
    await api.database.loraModel.update({
      where: { id: body.id },
      data: { status: 'failed', phase: 'awaiting_retry', reason: 'TRAINER_ERROR' },
    });
    const gone = await user.post(`/v1/trainings/${body.id}/retry`);

    expect(ended).toMatchObject({ status: 409, body: { code: 'ALREADY_ENDED' } });
    expect(gone).toMatchObject({ status: 409, body: { code: 'WORKFLOW_CLOSED' } });
  });

  test('lists pages of one’s own trainings, newest first', async () => {
    const [user, stranger] = [await newClient(), await newClient()];
    const ids: string[] = [];
    for (const characterId of ['a', 'b', 'c'])
      ids.unshift((await user.post('/v1/trainings', { ...user.body, characterId })).body.id);
    const first = await user.get('/v1/trainings?limit=2');
    const second = await user.get(`/v1/trainings?limit=2&cursor=${first.body.nextCursor}`);
    const filtered = await user.get('/v1/trainings?characterId=b&status=pending');

    expect([...first.body.trainings, ...second.body.trainings].map((training: { id: string }) => training.id)).toEqual(
      ids,
    );
    expect(second.body.nextCursor).toBeNull();
    expect(filtered.body.trainings).toMatchObject([{ characterId: 'b' }]);
    expect((await stranger.get('/v1/trainings')).body.trainings).toEqual([]);
    expect((await stranger.get(`/v1/trainings/${ids[0]}`)).status).toBe(404);
    expect((await stranger.post(`/v1/trainings/${ids[0]}/cancel`)).status).toBe(404);
    expect((await user.get('/v1/trainings?limit=0')).status).toBe(422);
    expect((await user.get('/v1/trainings/not-an-id')).status).toBe(404);
  });

  test('passes intervals on only where that is allowed', async () => {
    const user = await newClient();
    const open = client(
      api.build({
        settings: { ...api.deps.settings, allowTestIntervals: true, taskQueues: { io: 'io-x', cpu: 'cpu-x' } },
      }),
      user.key,
    );
    const { body, status } = await open.post('/v1/trainings', { ...user.body, intervals: { watchPollMs: 5 } });
    const { connection, namespace } = await temporalConnection();
    const { history } = await connection.workflowService.getWorkflowExecutionHistory({
      namespace,
      execution: { workflowId: trainingWorkflowId(body.id) },
    });
    await connection.close();
    const input = history?.events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads?.[0]?.data;

    expect(status).toBe(201);
    expect(JSON.parse(String(input))).toEqual({
      trainingId: body.id,
      intervals: { watchPollMs: 5 },
      taskQueues: { io: 'io-x', cpu: 'cpu-x' },
    });
    expect((await open.post('/v1/trainings', { ...user.body, intervals: { nonsense: 5 } })).status).toBe(422);
  });
});
