/** Datasets over HTTP where no worker is up: what is accepted, refused and said meanwhile. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTemporalGateway } from '../../api/temporal.ts';
import { datasetCheckWorkflowId } from '../../workflows/contract.ts';
import { photo } from './api-files.ts';
import { client, startApi } from './api-harness.ts';
import type { ApiHarness } from './api-harness.ts';

let api: ApiHarness;
let http: ReturnType<typeof client>;
let imageIds: string[];
beforeAll(async () => {
  api = await startApi();
  http = client(api.app, (await api.newUser()).key);
  const uploaded = await http.upload(
    { filename: 'a.jpg', bytes: await photo() },
    { filename: 'b.jpg', bytes: await photo() },
  );
  imageIds = uploaded.body.images.map((image: { id: string }) => image.id);
});
afterAll(() => api.close());

const newDataset = async (body: object = {}) => http.post('/v1/datasets', { name: 'mia', imageIds, ...body });
const DEFAULTS = {
  subjectKind: 'person',
  mixPolicy: 'weights',
  mixTarget: { portrait: 20, upper: 70, full: 10 },
  minPhotos: 5,
  maxPhotos: 30,
  similarKept: 1,
  identityCheck: false,
};

describe('curation options', () => {
  test('come with the dataset, defaults included, and are changed one by one', async () => {
    const made = await newDataset({ curation: { subjectKind: 'style', maxPhotos: 40 } });
    const { id } = made.body;

    const changed = await http.patch(`/v1/datasets/${id}`, { curation: { minPhotos: 8, maxPhotos: null } });

    expect(made).toMatchObject({
      status: 201,
      body: { curation: { ...DEFAULTS, subjectKind: 'style', maxPhotos: 40 } },
    });
    expect(changed).toMatchObject({
      status: 200,
      body: { id, curation: { ...DEFAULTS, subjectKind: 'style', minPhotos: 8 } },
    });
    expect((await http.get(`/v1/datasets/${id}`)).body).toEqual(changed.body);
  });

  test('that cannot be are refused with every fault, and nothing changes', async () => {
    const wrong = { subjectKind: 'dog', minPhotos: 0, mixTarget: { portrait: 50, upper: 50, full: 50 } };
    const made = await newDataset({ curation: wrong });
    const { id } = (await newDataset({ curation: { maxPhotos: 10 } })).body;
    const changed = await http.patch(`/v1/datasets/${id}`, { curation: { minPhotos: 11 } });
    const inline = await http.post('/v1/trainings', {
      imageIds,
      baseModel: 'flux',
      triggerWord: 'ohwx',
      curation: wrong,
    });
    const foreign = await http.post('/v1/trainings', {
      datasetId: id,
      baseModel: 'flux',
      triggerWord: 'ohwx',
      curation: { maxPhotos: 20 },
    });
    const lora = await http.post('/lora/training/start', {
      characterId: 'mia',
      imageIds,
      baseModel: 'flux',
      triggerWord: 'ohwx',
      curation: { mixPolicy: 'most' },
    });

    expect(made).toMatchObject({
      status: 422,
      body: {
        details: [
          'curation.subjectKind must be one of person, style, object',
          'curation.minPhotos must be a whole number from 1 to 200',
          'curation.mixTarget must add up to 100 percent',
        ],
      },
    });
    expect(changed).toMatchObject({
      status: 422,
      body: { details: ['curation.minPhotos must not be above maxPhotos'] },
    });
    expect((await http.get(`/v1/datasets/${id}`)).body.curation).toEqual({ ...DEFAULTS, maxPhotos: 10 });
    expect(inline.body.details).toHaveLength(3);
    expect(foreign.body.details).toEqual(['curation belongs to the dataset: change it with PATCH /v1/datasets/:id']);
    expect(lora).toMatchObject({
      status: 422,
      body: { details: ['curation.mixPolicy must be one of weights, select, off'] },
    });
  });

  test('of a training with photos of its own go into its dataset', async () => {
    const started = await http.post('/v1/trainings', {
      imageIds,
      baseModel: 'flux',
      triggerWord: 'ohwx',
      curation: { subjectKind: 'object' },
    });
    const aliased = await http.post('/lora/training/start', {
      characterId: 'mia',
      imageIds,
      baseModel: 'flux',
      triggerWord: 'ohwx',
      curation: { minPhotos: 2 },
    });
    const training = await http.get(`/v1/trainings/${aliased.body.loraModelId}`);

    expect((await http.get(`/v1/datasets/${started.body.datasetId}`)).body.curation).toEqual({
      ...DEFAULTS,
      subjectKind: 'object',
    });
    expect((await http.get(`/v1/datasets/${training.body.datasetId}`)).body.curation.minPhotos).toBe(2);
  });
});

describe('captions', () => {
  test('have at most 1,000 characters, however many bytes that are', async () => {
    const long = '\u{1F600}'.repeat(1_000);
    const fits = await newDataset({ captions: { [imageIds[0]!]: long } });
    const tooLong = await newDataset({ captions: { [imageIds[0]!]: 'x'.repeat(1_001) } });
    const { id, images } = fits.body;
    const override = await http.put(`/v1/datasets/${id}/photos/${images[0].sha256}/override`, {
      caption: 'x'.repeat(1_001),
    });
    const uploaded = await http.upload(
      { filename: 'long.jpg', bytes: await photo() },
      { filename: 'long.txt', bytes: Buffer.from('x'.repeat(1_001)) },
    );

    expect([fits.status, tooLong.status, override.status]).toEqual([201, 422, 422]);
    expect(images[0].caption).toBe(long);
    expect(uploaded.body.rejected).toMatchObject([{ filename: 'long.txt', code: 'BAD_CAPTION' }]);
  });
});

describe('overrides', () => {
  test('are for photos of the dataset only, and say something', async () => {
    const { id, images } = (await newDataset({ imageIds: [imageIds[0]] })).body;
    const other = (await newDataset()).body.images.find(
      (image: { sha256: string }) => image.sha256 !== images[0].sha256,
    );
    const put = (sha256: string, body: object) => http.put(`/v1/datasets/${id}/photos/${sha256}/override`, body);

    const answers = [
      await put(images[0].sha256, { decision: 'pin', framing: 'full', caption: 'ohwx', why: 'best one' }),
      await put(images[0].sha256, {}),
      await put(images[0].sha256, { decision: null, why: 'no reason' }),
      await put(images[0].sha256, { decision: 'maybe' }),
      await put(images[0].sha256, { caption: ' \n ' }),
      await put(other.sha256, { decision: 'pin' }),
      await put('f'.repeat(64), { decision: 'pin' }),
      await put('not-a-hash', { decision: 'pin' }),
      await http.delete(`/v1/datasets/${id}/photos/${other.sha256}/override`),
    ];

    expect(answers.map((answer) => answer.status)).toEqual([200, 422, 422, 422, 422, 404, 404, 404, 404]);
    expect((await http.get(`/v1/datasets/${id}/overrides`)).body).toMatchObject({
      overrides: [{ sha256: images[0].sha256, decision: 'pin', framing: 'full', caption: 'ohwx', why: 'best one' }],
      nextCursor: null,
    });
  });
});

describe('checks', () => {
  test('are accepted while no worker is up, and two are one', async () => {
    const { id } = (await newDataset()).body;
    const { temporal } = api.deps;

    const first = await http.post(`/v1/datasets/${id}/check`);
    const second = await http.post(`/v1/datasets/${id}/check`, { triggerWord: 'mia', baseModel: 'sdxl' });
    const report = await http.get(`/v1/datasets/${id}/report`);
    const page = await http.get(`/v1/datasets/${id}/report?format=html`);

    expect(datasetCheckWorkflowId(id)).toBe(`dataset-check/${id}`);
    expect([first.status, second.status]).toEqual([202, 202]);
    expect(first.body).toEqual({
      datasetId: id,
      status: 'running',
      report: `http://api.test/v1/datasets/${id}/report`,
    });
    for (const answer of [report, page]) expect(answer).toMatchObject({ status: 404, body: { code: 'CHECK_RUNNING' } });
    expect(await temporal.checkState(id)).toEqual({ status: 'running' });
  });

  test('ask for a training that can be', async () => {
    const { id } = (await newDataset()).body;
    const refused = await http.post(`/v1/datasets/${id}/check`, {
      triggerWord: '${HOME}',
      baseModel: 'none',
      resolution: 7,
      intervals: {},
    });

    expect(refused.status).toBe(422);
    expect(refused.body.details).toEqual(
      expect.arrayContaining([
        expect.stringContaining('triggerWord'),
        'baseModel "none" is not known',
        expect.stringContaining('resolution'),
        'intervals cannot be set by clients',
      ]),
    );
    expect((await http.get(`/v1/datasets/${id}/report`)).body.code).toBe('NOT_CHECKED');
    expect((await http.get(`/v1/datasets/${id}/report?version=${'a'.repeat(64)}`)).body.code).toBe('NOT_FOUND');
    expect((await http.get(`/v1/datasets/${id}/report?format=pdf`)).status).toBe(422);
  });

  test('of long ago are still read, also while Temporal is down', async () => {
    const { id } = (await newDataset()).body;
    const old = { rulesVersion: 'curation-1', accepted: true, minimum: 5, kept: 1, dropped: 0, photos: [] };
    await api.database.curationReport.create({
      data: { datasetId: id, version: 'b'.repeat(64), verdict: 'pass', kept: 1, dropped: 0, report: old },
    });
    const temporal = createTemporalGateway({ address: '127.0.0.1:1', namespace: 'none', deadlineMs: 200 });
    const app = api.build({ temporal });
    const { headers } = http;

    const answer = await app.inject({ url: `/v1/datasets/${id}/report`, headers });
    const page = await app.inject({ url: `/v1/datasets/${id}/report?format=html`, headers });
    await temporal.close();

    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toMatchObject({
      verdict: 'pass',
      reserved: 0,
      check: 'unknown',
      links: { html: null },
      report: { minimum: 5, kept: 1 },
    });
    expect(page.statusCode).toBe(404);
  });
});
