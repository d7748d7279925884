/** Datasets looked at before money is spent: report, people's words about photos, and the training that follows. */
import { MockActivityEnvironment } from '@temporalio/testing';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { checkDataset } from '../../activities/check-dataset.ts';
import type { CheckedDataset } from '../../activities/check-dataset.ts';
import { readManifest } from '../../activities/dataset-manifest.ts';
import { targetOf } from '../../activities/session.ts';
import { drawPhoto } from '../../dev/photos.ts';
import { datasetCheckWorkflowId } from '../../workflows/contract.ts';
import { until } from './installation.ts';
import { useInstallation } from './use-installation.ts';

const tempera = useInstallation();

/** Pictures of their own for each test, so that no analysis of another test's is found. */
let drawn = 1_000;
const pictures = (count: number) => Promise.all(Array.from({ length: count }, () => drawPhoto((drawn += 1))));

interface Photo {
  readonly id: string;
  readonly sha256: string;
  readonly filename: string;
  readonly decision: string;
  readonly reason: string | null;
  readonly countsAs: string | null;
  readonly warnings: readonly { readonly code: string }[];
  readonly output: { readonly caption: { readonly text: string } } | null;
}

// Answers of every shape; tests look into them freely.
// oxlint-disable-next-line typescript/no-explicit-any
const reportOf = async (id: string, query = ''): Promise<any> => {
  const answer = await tempera.http.get(`/v1/datasets/${id}/report${query}`);
  if (answer.status !== 200) throw new Error(`report: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body;
};
const photosOf = async (id: string): Promise<Photo[]> => (await reportOf(id)).report.photos;
const photoNamed = async (id: string, filename: string) =>
  (await photosOf(id)).find((photo) => photo.filename === filename)!;

describe('a check', () => {
  test('tells what would be trained on, as data, as a page and as a picture; a broken file harms nobody', async () => {
    const good = await pictures(6);
    const copy = await sharp(good[0]).resize(700).jpeg({ quality: 70 }).toBuffer();
    const broken = good[1]!.subarray(0, good[1]!.length >> 1);
    const id = await tempera.dataset([...good, copy, broken]);
    const before = await tempera.http.get(`/v1/datasets/${id}/report`);

    await tempera.check(id, { triggerWord: 'mia', baseModel: 'sdxl', resolution: [512, 768] });
    const answer = await reportOf(id);
    const page = await tempera.app.inject({
      url: answer.links.html.replace('http://api.test', ''),
      headers: tempera.http.headers,
    });
    const negotiated = await tempera.http.get(`/v1/datasets/${id}/report`, { accept: 'text/html,*/*;q=0.8' });
    const sheet = await tempera.app.inject({
      url: `/v1/datasets/${id}/report?format=contact-sheet`,
      headers: tempera.http.headers,
    });
    const byName = Object.fromEntries(answer.report.photos.map((photo: Photo) => [photo.filename, photo]));

    expect(before).toMatchObject({ status: 404, body: { code: 'NOT_CHECKED' } });
    expect(answer).toMatchObject({ datasetId: id, verdict: 'warnings', kept: 6, dropped: 2, check: 'idle' });
    expect(answer.report.training).toEqual({ resolutions: [512, 768], divisor: 16 });
    expect(byName['photo-7.jpg']).toMatchObject({ decision: 'drop', reason: 'duplicate_near' });
    expect(byName['photo-8.jpg']).toMatchObject({ decision: 'drop', reason: 'unreadable' });
    expect(byName['photo-3.jpg'].output.caption.text).toContain('mia');
    expect(page.statusCode).toBe(200);
    expect(page.headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': expect.stringMatching(
        /^default-src 'none'; style-src 'unsafe-inline'; img-src data:;/,
      ),
    });
    expect(page.body).toContain('photo-7.jpg');
    expect(negotiated.headers['content-type']).toBe('text/html; charset=utf-8');
    expect(sheet.headers['content-type']).toBe('image/png');
    expect((await sharp(sheet.rawPayload).metadata()).format).toBe('png');
    expect(await tempera.store.list(`datasets/${id}/${answer.version}/`)).toEqual(
      ['contact-sheet.png', 'report.html', 'report.json'].map((name) => `datasets/${id}/${answer.version}/${name}`),
    );
  });

  test('of a style looks for no face and for no framing', async () => {
    const id = await tempera.dataset(await pictures(5), { curation: { subjectKind: 'style' } });

    await tempera.check(id);
    const { report } = await reportOf(id);

    expect(report).toMatchObject({ mix: null, kept: 5 });
    expect(report.options.subjectKind).toBe('style');
    for (const photo of report.photos as Photo[]) {
      expect(photo).toMatchObject({ faces: null, framing: null, countsAs: null });
      expect(photo.warnings.filter(({ code }) => /face|framing|person/.test(code))).toEqual([]);
    }
  });

  test('says why it failed, and can be had again', async () => {
    const id = await tempera.dataset(await pictures(5));
    const { storageKey } = await tempera.database.trainingImage.findFirstOrThrow({
      where: { items: { some: { datasetId: id } } },
    });
    const bytes = (await tempera.store.get(storageKey))!;
    const kept = Buffer.concat(await bytes.body.toArray());
    await tempera.store.delete(storageKey);

    const failure = await tempera.check(id).catch((error: unknown) => error);
    const answer = await tempera.http.get(`/v1/datasets/${id}/report`);
    await tempera.store.put(storageKey, kept);
    await tempera.check(id);

    expect(failure).toBeInstanceOf(Error);
    expect(answer).toMatchObject({ status: 404, body: { code: 'CHECK_FAILED' } });
    expect(answer.body.message).toContain('is not in the store');
    expect(await reportOf(id)).toMatchObject({ kept: 5 });
  });

  test('that was asked for while one runs is that one, with everything said meanwhile', async () => {
    const id = await tempera.dataset(await pictures(6));
    const handle = tempera.temporal.workflow.getHandle(datasetCheckWorkflowId(id));

    const release = tempera.holdPhotos();
    const first = await tempera.http.post(`/v1/datasets/${id}/check`);
    const { runId } = await handle.describe();
    // By then it has begun to work with what was said before (2: PENDING_ACTIVITY_STATE_STARTED).
    await until(async () => (await handle.describe()).raw.pendingActivities?.[0]?.state === 2);
    const { sha256 } = (await tempera.http.get(`/v1/datasets/${id}`)).body.images[0];
    await tempera.http.put(`/v1/datasets/${id}/photos/${sha256}/override`, { decision: 'exclude' });
    const second = await tempera.http.post(`/v1/datasets/${id}/check`);
    release();
    await handle.result();

    expect([first.status, second.status]).toEqual([202, 202]);
    expect(second.body).toEqual({
      datasetId: id,
      status: 'running',
      report: `http://api.test/v1/datasets/${id}/report`,
    });
    expect((await handle.describe()).runId).toBe(runId);
    expect((await photosOf(id)).find((photo) => photo.sha256 === sha256)).toMatchObject({ reason: 'excluded' });
  });

  test('that was broken off goes on where it was', async () => {
    const id = await tempera.dataset(await pictures(12), { curation: { subjectKind: 'style' } });
    const run = checkDataset(tempera.activities);
    const input = { datasetId: id, triggerWord: 'ohwx', baseModel: 'flux' } as const;
    const analysed = async () => (await tempera.store.list('analyses/')).length;
    const known = await analysed();
    const broken = new MockActivityEnvironment();
    let beats = 0;
    broken.on('heartbeat', () => {
      beats += 1;
      if (beats === 4) broken.cancel('CANCELLED');
    });

    const failure = await broken.run(run, input).catch((error: unknown) => error);
    const finished = (await analysed()) - known;
    let checked: CheckedDataset | undefined;
    const opened = await tempera.openedDuring('images/', async () => {
      checked = (await new MockActivityEnvironment().run(run, input)) as CheckedDataset;
    });
    const openedAgain = await tempera.openedDuring('images/', () => new MockActivityEnvironment().run(run, input));

    expect(failure).toBeInstanceOf(Error);
    expect(finished).toBeGreaterThanOrEqual(4);
    expect(finished).toBeLessThan(12);
    expect(opened).toHaveLength(12 - finished);
    expect(checked).toMatchObject({ kept: 12 });
    expect(openedAgain).toEqual([]);
  });
});

describe('a person', () => {
  test('overrules single photos, which are not opened again for it, and takes it back', async () => {
    const good = await pictures(6);
    const copy = await sharp(good[0]).resize(700).jpeg({ quality: 70 }).toBuffer();
    const id = await tempera.dataset([...good, copy]);
    await tempera.check(id);
    const before = await photosOf(id);
    const hashOf = (filename: string) => before.find((photo) => photo.filename === filename)!.sha256;
    const override = (filename: string) => `/v1/datasets/${id}/photos/${hashOf(filename)}/override`;

    const said = await tempera.http.put(override('photo-7.jpg'), { decision: 'pin', why: 'another expression' });
    await tempera.http.put(override('photo-2.jpg'), { decision: 'exclude' });
    await tempera.http.put(override('photo-3.jpg'), { framing: 'full', caption: 'ohwx in the rain' });
    const opened = await tempera.openedDuring('images/', () => tempera.check(id));
    const pinned = await photoNamed(id, 'photo-7.jpg');
    const excluded = await photoNamed(id, 'photo-2.jpg');
    const framed = await photoNamed(id, 'photo-3.jpg');
    const taken = await tempera.http.delete(override('photo-2.jpg'));
    const takenTwice = await tempera.http.delete(override('photo-2.jpg'));
    const openedAgain = await tempera.openedDuring('images/', () => tempera.check(id));
    const history = (await tempera.http.get(`/v1/datasets/${id}/overrides`)).body;
    const firstPage = (await tempera.http.get(`/v1/datasets/${id}/overrides?limit=3`)).body;
    const secondPage = (await tempera.http.get(`/v1/datasets/${id}/overrides?cursor=${firstPage.nextCursor}`)).body;

    expect(said.body).toMatchObject({
      decision: 'pin',
      framing: null,
      why: 'another expression',
      by: `${tempera.environment}@example.org (e2e)`,
    });
    expect(pinned).toMatchObject({ decision: 'keep', override: { decision: 'pin', why: 'another expression' } });
    expect(excluded).toMatchObject({ decision: 'drop', reason: 'excluded' });
    expect(framed).toMatchObject({
      countsAs: 'full',
      output: { caption: { text: 'ohwx in the rain', source: 'person' } },
    });
    expect([opened, openedAgain]).toEqual([[], []]);
    expect([taken.status, takenTwice.status]).toEqual([204, 204]);
    expect(await photoNamed(id, 'photo-2.jpg')).toMatchObject({ decision: 'keep', override: null });
    expect(history.overrides.map(({ decision }: { decision: string | null }) => decision)).toEqual([
      null,
      null,
      'exclude',
      'pin',
    ]);
    expect([...firstPage.overrides, ...secondPage.overrides]).toEqual(history.overrides);
  });

  test('changes the options, and the version with them', async () => {
    const id = await tempera.dataset(await pictures(6));
    await tempera.check(id);
    const before = await reportOf(id);

    const changed = await tempera.http.patch(`/v1/datasets/${id}`, { curation: { maxPhotos: 5 } });
    const opened = await tempera.openedDuring('images/', () => tempera.check(id));
    const after = await reportOf(id);
    const older = await reportOf(id, `?version=${before.version}`);
    await tempera.http.patch(`/v1/datasets/${id}`, { curation: { maxPhotos: null } });
    await tempera.check(id);

    expect(changed.body.curation).toMatchObject({ maxPhotos: 5, minPhotos: 5, subjectKind: 'person' });
    expect(opened).toEqual([]);
    expect(after).toMatchObject({ kept: 5, reserved: 1 });
    expect(older).toMatchObject({ kept: 6, version: before.version });
    expect((await reportOf(id)).version).toBe(before.version);
  });

  test('sees nothing of another person’s', async () => {
    const id = await tempera.dataset(await pictures(5));
    await tempera.check(id);
    const [{ sha256 }] = (await photosOf(id)) as [Photo];
    const stranger = await tempera.newClient(`stranger-${tempera.environment}`);
    const override = `/v1/datasets/${id}/photos/${sha256}/override`;

    const answers = await Promise.all([
      stranger.get(`/v1/datasets/${id}`),
      stranger.get(`/v1/datasets/${id}/report`),
      stranger.get(`/v1/datasets/${id}/report?format=html`),
      stranger.get(`/v1/datasets/${id}/overrides`),
      stranger.post(`/v1/datasets/${id}/check`),
      stranger.patch(`/v1/datasets/${id}`, { curation: { maxPhotos: 5 } }),
      stranger.put(override, { decision: 'exclude' }),
      stranger.delete(override),
    ]);

    expect(answers.map((answer) => answer.status)).toEqual([404, 404, 404, 404, 404, 404, 404, 404]);
    expect((await tempera.http.get(`/v1/datasets/${id}/overrides`)).body.overrides).toEqual([]);
  });
});

describe('a training of a checked dataset', () => {
  /** The job as it stands on the emulated trainer. */
  async function jobOf(trainingId: string) {
    const pod = await tempera.database.pod.findFirstOrThrow({ where: { attempt: { loraModelId: trainingId } } });
    const target = targetOf(tempera.activities, { podId: pod.externalId!, podName: pod.name });
    const headers = { authorization: `Bearer ${target.password}`, 'content-type': 'application/json' };
    const ask = async (path: string, init: RequestInit = {}) =>
      (await fetch(`${target.baseUrl}${path}`, { headers, ...init })).json();
    const { jobs } = (await ask('/api/jobs')) as { jobs: { job_config: string }[] };
    const { datasets } = JSON.parse(jobs[0]!.job_config).config.process[0] as {
      datasets: { folder_path: string; num_repeats: number }[];
    };
    return Promise.all(
      datasets.map(async ({ folder_path: path, num_repeats: repeats }) => {
        const datasetName = path.split('/').at(-1)!;
        const { images } = (await ask('/api/datasets/listImages', {
          method: 'POST',
          body: JSON.stringify({ datasetName }),
        })) as { images: string[] };
        return { folder: datasetName.replace(/^.*_(?=[a-z]+$)/, ''), repeats, images };
      }),
    );
  }

  test('opens only what it prepares, and sends a folder with its repeats for each framing', async () => {
    const id = await tempera.dataset(await pictures(8));
    await tempera.check(id);
    const photos = (await photosOf(id)).toSorted((a, b) => (a.filename < b.filename ? -1 : 1));
    const framings = ['upper', 'upper', 'upper', 'upper', 'upper', 'portrait', 'full'];
    for (const [index, framing] of framings.entries())
      await tempera.http.put(`/v1/datasets/${id}/photos/${photos[index]!.sha256}/override`, { framing });
    await tempera.http.put(`/v1/datasets/${id}/photos/${photos[7]!.sha256}/override`, { decision: 'exclude' });
    await tempera.world.addFault({ at: 'trainer', effect: 'hang', step: 5 });

    let training = '';
    const opened = await tempera.openedDuring('images/', async () => {
      // A try that was given up for its silence would open photos twice.
      training = await tempera.start({ datasetId: id, intervals: { heartbeatTimeoutMs: 60_000 } });
      await tempera.until(training, 'training', 'training');
    });
    await tempera.world.clearFaults();
    const job = await jobOf(training);
    await tempera.http.post(`/v1/trainings/${training}/cancel`);
    await tempera.until(training, 'cancelled');
    const { mix } = (await reportOf(id)).report;
    const expected = (mix as { framing: string; kept: number; repeats: number }[])
      .map(({ framing, kept, repeats }) => ({ folder: framing, kept, repeats }))
      .toSorted((a, b) => (a.folder < b.folder ? -1 : 1));

    expect(opened).toHaveLength(7);
    expect(new Set(opened).size).toBe(7);
    expect(job.map(({ folder, repeats, images }) => ({ folder, kept: images.length, repeats }))).toEqual(expected);
    expect(expected.map(({ kept }) => kept)).toEqual([1, 1, 5]);
    expect(job.flatMap(({ images }) => images).toSorted()).toEqual(
      Array.from({ length: 7 }, (_, index) => `000${index + 1}.jpg`),
    );
  });

  test('that is not weighted sends one folder', async () => {
    const id = await tempera.dataset(await pictures(5), { curation: { mixPolicy: 'off' } });
    const { sha256 } = (await tempera.http.get(`/v1/datasets/${id}`)).body.images[0];
    await tempera.http.put(`/v1/datasets/${id}/photos/${sha256}/override`, { framing: 'full' });
    await tempera.world.addFault({ at: 'trainer', effect: 'hang', step: 5 });

    const training = await tempera.start({ datasetId: id });
    await tempera.until(training, 'training', 'training');
    const job = await jobOf(training);
    await tempera.http.post(`/v1/trainings/${training}/cancel`);
    await tempera.until(training, 'cancelled');

    expect(job).toMatchObject([{ repeats: 1, images: ['0001.jpg', '0002.jpg', '0003.jpg', '0004.jpg', '0005.jpg'] }]);
  });

  test('has the same manifest, byte for byte, in whatever order the photos were given', async () => {
    const id = await tempera.dataset(await pictures(7));
    const manifestAfter = async () => {
      const training = await tempera.start({ datasetId: id });
      await tempera.handle(training).result();
      const { version, manifestKey } = await tempera.database.curationReport.findFirstOrThrow({
        where: { datasetId: id },
      });
      const { body } = (await tempera.store.get(manifestKey!))!;
      return { version, key: manifestKey!, bytes: Buffer.concat(await body.toArray()) };
    };

    const first = await manifestAfter();
    await tempera.store.delete(first.key);
    await tempera.database
      .$executeRaw`UPDATE "dataset_items" SET "position" = 100 - "position" WHERE "dataset_id" = ${id}::uuid`;
    const second = await manifestAfter();
    const manifest = await readManifest(tempera.store, second.key);

    expect(second.version).toBe(first.version);
    expect(second.bytes.equals(first.bytes)).toBe(true);
    expect(manifest.photos).toHaveLength(7);
    expect(await tempera.database.curationReport.count({ where: { datasetId: id } })).toBe(1);
  });

  test('that is refused names the report', async () => {
    const photos = await pictures(3);
    const uploaded = await tempera.http.upload(
      ...photos.map((bytes, index) => ({ filename: `few-${index}.jpg`, bytes })),
    );
    const training = await tempera.start({
      imageIds: uploaded.body.images.map((image: { id: string }) => image.id),
      curation: { minPhotos: 4 },
    });

    const failed = await tempera.until(training, 'failed');
    const path = /GET (\/v1\/datasets\/\S+)/.exec(failed.message)?.[1] ?? '';
    const report = await tempera.http.get(path);

    expect(failed).toMatchObject({ reason: 'DATASET_REJECTED' });
    expect(failed.message).toContain('at least 4 are needed');
    expect(report).toMatchObject({ status: 200, body: { verdict: 'blocked', kept: 3 } });
  });
});
