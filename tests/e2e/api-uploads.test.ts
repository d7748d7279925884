/** Uploads: photos, captions and zips, what is refused, and that nothing is left behind. */
import { mkdir, readFile, readdir, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRepositories } from '../../prisma/repositories/index.ts';
import { photo, zip } from './api-files.ts';
import type { ZipEntry } from './api-files.ts';
import { client, multipartBody, startApi } from './api-harness.ts';
import type { ApiHarness } from './api-harness.ts';
import { hostileZips } from './hostile-zips.ts';

const NOTE = Buffer.from('These are words, not a picture.');

describe('uploads', () => {
  let api: ApiHarness;
  beforeAll(async () => {
    api = await startApi();
  });
  afterAll(() => api.close());

  const newClient = async () => {
    const { key, userId } = await api.newUser();
    return { ...client(api.app, key), userId };
  };

  test('stores photos under their hash and knows them again', async () => {
    const user = await newClient();
    const bytes = await photo();
    const first = await user.upload({ filename: 'one.jpg', bytes });
    const second = await user.upload({ filename: 'again.jpg', bytes }, { filename: 'two.jpg', bytes: await photo() });

    expect(first.status).toBe(201);
    expect(first.body.images[0]).toMatchObject({
      filename: 'one.jpg',
      width: 600,
      height: 600,
      bytes: bytes.length,
      duplicate: false,
    });
    expect(second.body.images.map((image: { duplicate: boolean }) => image.duplicate)).toEqual([true, false]);
    expect(second.body.images[0].id).toBe(first.body.images[0].id);
    expect(await api.deps.store.list(`images/${user.userId}/`)).toHaveLength(2);
    expect((await api.leftovers()).uploads).toEqual([]);
  });

  test('takes a zip with captions, and says what it left out', async () => {
    const user = await newClient();
    const bytes = zip([
      { name: 'set/a.jpg', bytes: await photo() },
      { name: 'set/a.txt', bytes: Buffer.from(' ohwx at the sea\n') },
      { name: 'set/b.jpg', bytes: NOTE },
      { name: '__MACOSX/set/._a.jpg', bytes: NOTE },
      { name: 'readme.txt', bytes: NOTE },
    ]);
    const answer = await user.upload({ filename: 'set.zip', bytes });

    expect(answer.status).toBe(201);
    expect(answer.body.images).toMatchObject([{ filename: 'a.jpg', caption: 'ohwx at the sea' }]);
    expect(answer.body.rejected.map(({ filename, code }: Record<string, string>) => [filename, code])).toEqual([
      ['b.jpg', expect.any(String)],
      ['readme.txt', 'NOT_A_PHOTO'],
    ]);
  });

  describe('captions', () => {
    const caption = (text: string) => ({ filename: 'a.txt', bytes: Buffer.from(text) });

    test('stay with their photo in every later dataset, unless that has its own', async () => {
      const user = await newClient();
      const bytes = await photo();
      const [first] = (await user.upload({ filename: 'a.jpg', bytes }, caption('ohwx at the sea'))).body.images;
      const [again] = (await user.upload({ filename: 'b.jpg', bytes })).body.images;
      const imageIds = [first.id];
      const captionOf = async (datasetId: string) =>
        (await user.get(`/v1/datasets/${datasetId}`)).body.images[0].caption;
      const plain = await user.post('/v1/datasets', { name: 'plain', imageIds });
      const own = await user.post('/v1/datasets', { name: 'own', imageIds, captions: { [first.id]: 'ohwx reading' } });
      const none = await user.post('/v1/datasets', { name: 'none', imageIds, captions: { [first.id]: null } });
      const training = await user.post('/v1/trainings', { imageIds, baseModel: 'flux', triggerWord: 'ohwx' });
      const alias = await user.post('/lora/training/start', {
        imageIds,
        characterId: 'ada',
        baseModel: 'flux',
        triggerWord: 'ohwx',
      });
      const { datasetId } = (await user.get(`/v1/trainings/${alias.body.loraModelId}`)).body;

      expect(again).toMatchObject({ id: first.id, duplicate: true, caption: 'ohwx at the sea' });
      expect(plain.body.images[0].caption).toBe('ohwx at the sea');
      expect(own.body.images[0].caption).toBe('ohwx reading');
      expect(none.body.images[0].caption).toBeNull();
      expect(await captionOf(training.body.datasetId)).toBe('ohwx at the sea');
      expect(await captionOf(datasetId)).toBe('ohwx at the sea');
    });

    test('given anew hold for later datasets; those made before keep theirs', async () => {
      const user = await newClient();
      const bytes = await photo();
      const [image] = (await user.upload({ filename: 'a.jpg', bytes }, caption('first'))).body.images;
      const before = await user.post('/v1/datasets', { name: 'before', imageIds: [image.id] });
      await user.upload({ filename: 'a.jpg', bytes }, caption('second'));
      const after = await user.post('/v1/datasets', { name: 'after', imageIds: [image.id] });

      expect((await user.get(`/v1/datasets/${before.body.id}`)).body.images[0].caption).toBe('first');
      expect(after.body.images[0].caption).toBe('second');
    });

    test('of one user are never another’s, also for the very same photo', async () => {
      const [one, other] = [await newClient(), await newClient()];
      const bytes = await photo();
      await one.upload({ filename: 'a.jpg', bytes }, caption('a private word'));
      const [image] = (await other.upload({ filename: 'a.jpg', bytes })).body.images;
      const dataset = await other.post('/v1/datasets', { name: 'x', imageIds: [image.id] });

      expect(image.caption).toBeUndefined();
      expect(dataset.body.images[0].caption).toBeNull();
    });
  });

  test('reports a text file named .jpg among photos', async () => {
    const user = await newClient();
    const answer = await user.upload(
      { filename: 'good.jpg', bytes: await photo() },
      { filename: 'bad.jpg', bytes: NOTE },
    );

    expect(answer.status).toBe(201);
    expect(answer.body.images).toHaveLength(1);
    expect(answer.body.rejected).toMatchObject([{ filename: 'bad.jpg' }]);
  });

  test('keeps users apart', async () => {
    const [one, other] = [await newClient(), await newClient()];
    const bytes = await photo();
    const mine = await one.upload({ filename: 'a.jpg', bytes });
    const theirs = await other.upload({ filename: 'a.jpg', bytes });
    const stolen = await other.post('/v1/datasets', { name: 'x', imageIds: [mine.body.images[0].id] });

    expect(theirs.body.images[0].duplicate).toBe(false);
    expect(stolen).toMatchObject({ status: 422, body: { code: 'VALIDATION' } });
  });

  test('takes the first of two files of one name in a zip, and says so', async () => {
    const user = await newClient();
    const bytes = zip([
      { name: 'a.jpg', bytes: await photo() },
      { name: 'a.jpg', bytes: await photo() },
    ]);
    const answer = await user.upload({ filename: 'set.zip', bytes });

    expect(answer.status).toBe(201);
    expect(answer.body.images).toHaveLength(1);
    expect(answer.body.rejected).toMatchObject([{ filename: 'a.jpg', code: 'DUPLICATE_NAME' }]);
  });

  test('refuses hostile zips before they fill the disk, and leaves nothing behind', async () => {
    const user = await newClient();
    const before = await api.leftovers();
    const zips = hostileZips(await photo());
    const seen: unknown[] = [];
    for (const { what, bytes } of zips) {
      const answer = await user.upload({ filename: 'set.zip', bytes });
      seen.push({ what, status: answer.status, code: answer.body.code, left: await api.leftovers() });
    }

    expect(seen).toEqual(zips.map(({ what, code }) => ({ what, status: 422, code, left: before })));
  });

  const good = async (): Promise<ZipEntry> => ({ name: 'good.jpg', bytes: await photo() });
  const bomb: ZipEntry = { name: 'bomb.jpg', bytes: Buffer.alloc(20_000_000) };
  const refused: [string, number, string, () => Promise<{ filename: string; bytes: Uint8Array }[]>][] = [
    ['no file at all', 422, 'NO_FILES', async () => []],
    ['an empty file', 422, 'NO_PHOTOS', async () => [{ filename: 'a.jpg', bytes: Buffer.alloc(0) }]],
    ['only a text file named .jpg', 422, 'NO_PHOTOS', async () => [{ filename: 'a.jpg', bytes: NOTE }]],
    [
      'only a photo above 30 MB',
      422,
      'NO_PHOTOS',
      async () => [{ filename: 'a.jpg', bytes: Buffer.alloc(30_000_001, 1) }],
    ],
    [
      'a zip with ../',
      422,
      'UNSAFE_ZIP',
      async () => [{ filename: 'a.zip', bytes: zip([await good(), { name: '../x.jpg', bytes: NOTE }]) }],
    ],
    [
      'a zip with an absolute path',
      422,
      'UNSAFE_ZIP',
      async () => [{ filename: 'a.zip', bytes: zip([await good(), { name: '/etc/x.jpg', bytes: NOTE }]) }],
    ],
    [
      'a zip with a backslash',
      422,
      'UNSAFE_ZIP',
      async () => [{ filename: 'a.zip', bytes: zip([await good(), { name: '..\\x.jpg', bytes: NOTE }]) }],
    ],
    [
      'a zip with a symbolic link',
      422,
      'UNSAFE_ZIP',
      async () => [{ filename: 'a.zip', bytes: zip([await good(), { name: 'x.jpg', bytes: NOTE, symlink: true }]) }],
    ],
    [
      'an encrypted zip',
      422,
      'UNSAFE_ZIP',
      async () => [{ filename: 'a.zip', bytes: zip([{ name: 'x.jpg', bytes: NOTE, encrypted: true }]) }],
    ],
    ['a zip bomb', 422, 'ZIP_BOMB', async () => [{ filename: 'a.zip', bytes: zip([await good(), bomb]) }]],
    [
      'a zip bomb that lies about its size',
      422,
      'ZIP_BOMB',
      async () => [{ filename: 'a.zip', bytes: zip([await good(), { ...bomb, claimedSize: 900_000 }]) }],
    ],
    [
      'a zip cut short',
      422,
      'BAD_ZIP',
      async () => [{ filename: 'a.zip', bytes: zip([await good()]).subarray(0, -40) }],
    ],
    [
      'a good photo before a bad zip',
      422,
      'UNSAFE_ZIP',
      async () => [
        { filename: 'a.jpg', bytes: await photo() },
        { filename: 'a.zip', bytes: zip([{ name: '../x', bytes: NOTE }]) },
      ],
    ],
    [
      '201 photos',
      413,
      'TOO_MANY_PHOTOS',
      async () => {
        const bytes = await photo(64);
        return Array.from({ length: 201 }, (_, index) => ({ filename: `${index}.jpg`, bytes }));
      },
    ],
  ];
  test.for(refused)('refuses %s and leaves nothing behind', async ([, status, code, files]) => {
    const user = await newClient();
    const before = await api.leftovers();
    const answer = await user.upload(...(await files()));

    expect(answer).toMatchObject({
      status,
      body: { code, message: expect.any(String), requestId: expect.any(String) },
    });
    expect(await api.leftovers()).toEqual(before);
  });

  test('refuses a body that is no form', async () => {
    const user = await newClient();

    expect(await user.post('/v1/images', { photo: 'a.jpg' })).toMatchObject({
      status: 415,
      body: { code: 'UNSUPPORTED_MEDIA_TYPE' },
    });
  });

  test('leaves nothing behind when the client goes away in the middle', async () => {
    const { key } = await api.newUser();
    const address = await api.app.listen({ port: 0, host: '127.0.0.1' });
    const before = await api.leftovers();
    const abort = new AbortController();
    const bytes = await photo();
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue(Buffer.from('--b\r\ncontent-disposition: form-data; name="f"; filename="a.jpg"\r\n\r\n'));
        controller.enqueue(bytes);
      },
    });
    const sent = fetch(`${address}/v1/images`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'multipart/form-data; boundary=b' },
      body,
      duplex: 'half',
      signal: abort.signal,
    });
    await expect.poll(async () => (await api.leftovers()).uploads.length).toBe(1);
    abort.abort();

    await expect(sent).rejects.toThrow();
    await expect.poll(() => api.leftovers(), { timeout: 5_000 }).toEqual(before);
  });

  test('answers a client that is still sending when the upload is refused', async () => {
    const { key } = await api.newUser();
    const own = api.build({});
    const address = await own.listen({ port: 0, host: '127.0.0.1' });
    const { body, contentType } = multipartBody([
      { filename: 'a.zip', bytes: zip([{ name: '../x.jpg', bytes: NOTE }]) },
      { filename: 'b.jpg', bytes: Buffer.alloc(40_000_000, 1) },
    ]);
    const answer = await fetch(`${address}/v1/images`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': contentType },
      body,
    });

    expect(await answer.json()).toMatchObject({ code: 'UNSAFE_ZIP' });
    expect((await api.leftovers()).uploads).toEqual([]);
  });

  test('removes what a killed process left of its uploads, and nothing younger', async () => {
    const { removeStaleUploads } = await import('../../api/uploads/stale-uploads.ts');
    await mkdir(join(api.home, 'uploads', 'upload-old'), { recursive: true });
    await utimes(join(api.home, 'uploads', 'upload-old'), 0, 0);
    await mkdir(join(api.home, 'uploads', 'upload-new'));
    await removeStaleUploads(api.home, new Date());

    expect((await api.leftovers()).uploads).toEqual(['upload-new']);
    await rm(join(api.home, 'uploads', 'upload-new'), { recursive: true });
  });

  test('leaves nothing behind when the rows cannot be written', async () => {
    const { key, userId } = await api.newUser();
    const broken = api.build({ store: api.deps.store, repositories: createRepositories(failingTransactions(api)) });
    const answer = await client(broken, key).upload({ filename: 'a.jpg', bytes: await photo() });

    expect(answer.status).toBe(500);
    expect(await api.deps.store.list(`images/${userId}/`)).toEqual([]);
    expect((await api.leftovers()).uploads).toEqual([]);
  });

  test('keeps the first key, an operator’s, in a file that only its owner can read', async () => {
    const { ensureFirstApiKey } = await import('../../api/api-key.ts');
    const file = join(api.home, 'keys', 'api-key');
    await api.database.apiKey.deleteMany();
    const { repositories } = api.deps;
    const made = await Promise.all([ensureFirstApiKey(repositories, file), ensureFirstApiKey(repositories, file)]);
    const key = (await readFile(file, 'utf8')).trim();

    expect(made.toSorted()).toEqual([false, true]);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readdir(join(api.home, 'keys'))).toEqual(['api-key']);
    expect((await client(api.app, key).get('/v1/trainings')).status).toBe(200);
    expect((await client(api.app, key).get('/v1/operations/pods')).status).toBe(200);
  });
});

function failingTransactions(api: ApiHarness): ApiHarness['database'] {
  return new Proxy(api.database, {
    get: (target, name) =>
      name === '$transaction' ? () => Promise.reject(new Error('no')) : Reflect.get(target, name),
  });
}
