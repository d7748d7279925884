/** Our publisher to the Hub, against the emulated one: what it writes, repeats, refuses and reads back. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ArtifactFile } from '../../core/artifact.ts';
import { createHuggingFacePublisher } from '../../providers/publishing/huggingface/publisher.ts';
import type { PublicationSubject } from '../../providers/publishing/publisher.ts';
import { createFilesystemStore } from '../../providers/storage/filesystem.ts';
import type { ObjectStore } from '../../providers/storage/object-store.ts';
import { startCloud } from './world.ts';
import type { TestWorld } from './world.ts';

const token = 'hf_emulated';
let cloud: Awaited<ReturnType<typeof startCloud>>;
let folder: string;
let store: ReturnType<typeof createFilesystemStore>;
let worlds = 0;

beforeAll(async () => {
  cloud = await startCloud();
  folder = await mkdtemp(join(tmpdir(), 'tempera-publish-'));
  store = createFilesystemStore({ root: join(folder, 'objects'), secret: 'x', publicUrl: 'http://127.0.0.1' });
});
afterAll(async () => {
  await cloud.close();
  await rm(folder, { recursive: true, force: true });
});

async function file(name = 'ada.safetensors', sizeBytes = 300_000): Promise<ArtifactFile> {
  const bytes = randomBytes(sizeBytes);
  const key = `artifacts/${createHash('sha1').update(bytes).digest('hex')}/${name}`;
  return { name, ...(await store.put(key, bytes)) };
}

async function newWorld(): Promise<TestWorld> {
  return await cloud.world(`publish-${++worlds}`, { hubPartBytes: 1_000_000 });
}

interface Wishes extends Partial<PublicationSubject> {
  repo?: string;
  isPrivate?: boolean;
  from?: ObjectStore;
  as?: string;
  signal?: AbortSignal;
  onProgress?: (bytes: number) => void;
  /** Of the installation that publishes. */
  environment?: string;
  secret?: string;
}

function publish(
  world: TestWorld,
  { repo = 'tempera-demo/ada', isPrivate, from = store, as = token, signal, onProgress, ...wishes }: Wishes,
) {
  const { environment = 'test', secret = 'an app key of thirty-two characters', ...subject } = wishes;
  const publisher = createHuggingFacePublisher({
    token: as,
    hubUrl: `${world.url}/hub`,
    policy: { buckets: [], namespaces: ['tempera-demo', 'somebody'] },
    environment,
    secret,
    temporaryDirectory: join(folder, 'tmp'),
    callTimeoutMs: 2_000,
  });
  return publisher.publish({
    destination: { kind: 'huggingface', repo, ...(isPrivate !== undefined && { private: isPrivate }) },
    subject: {
      trainingId: 'training-1',
      userId: 'user-1',
      name: 'Ada',
      characterId: 'ada',
      triggerWord: 'ohwx',
      baseModel: 'flux',
      baseModelRepo: 'black-forest-labs/FLUX.1-dev',
      licence: { id: 'other', name: 'x', link: 'https://example.test' },
      steps: 1_000,
      rank: 16,
      files: [],
      samples: [],
      ...subject,
    },
    store: from,
    signal: signal ?? new AbortController().signal,
    ...(onProgress && { onProgress }),
  });
}

async function hub(world: TestWorld, path: string, method = 'GET', body?: unknown) {
  return await world.request(method, `${world.url}/hub${path}`, {
    headers: { authorization: `Bearer ${token}` },
    ...(body !== undefined && { body }),
  });
}

async function tags(world: TestWorld, repo = 'tempera-demo/ada'): Promise<Record<string, string>> {
  const { body } = await hub(world, `/api/models/${repo}/refs`);
  return Object.fromEntries(
    body.tags.map((tag: { name: string; targetCommit: string }) => [tag.name, tag.targetCommit]),
  );
}

async function commits(world: TestWorld, repo = 'tempera-demo/ada'): Promise<number> {
  return (await hub(world, `/api/models/${repo}/commits/main`)).body.length;
}

describe('createHuggingFacePublisher', () => {
  it('publishes two samples with the same bytes', async () => {
    const world = await newWorld();
    await store.put('samples/same-a.jpg', Buffer.alloc(60_000, 'same'));
    await store.put('samples/same-b.jpg', Buffer.alloc(60_000, 'same'));

    const published = await publish(world, {
      files: [await file()],
      samples: ['same-a', 'same-b'].map((name, index) => ({ key: `samples/${name}.jpg`, prompt: 'ohwx', step: index })),
    });

    expect(published.sha256).toMatch(/^[0-9a-f]{64}$/);
  });

  it('makes a private repository with weights, samples and a card in one commit, tagged v1', async () => {
    const world = await newWorld();
    const lora = await file();
    await store.put('samples/a.jpg', Buffer.from('a picture'));
    let moved = 0;

    const result = await publish(world, {
      files: [lora],
      samples: [
        { key: 'samples/a.jpg', prompt: 'ohwx: on a "bench"', step: 1_000 },
        { key: 'samples/gone.jpg', prompt: 'ohwx', step: 500 },
      ],
      onProgress: (bytes) => (moved += bytes),
    });

    expect(result).toMatchObject({
      location: 'tempera-demo/ada',
      path: 'ada.safetensors',
      url: `${world.url}/hub/tempera-demo/ada`,
      sha256: lora.sha256,
    });
    expect(await tags(world)).toEqual({ v1: result.revision });
    expect((await hub(world, '/api/models/tempera-demo/ada')).body.private).toBe(true);
    const { body: tree } = await hub(world, '/api/models/tempera-demo/ada/tree/v1?recursive=true');
    expect(tree.map(({ path }: { path: string }) => path)).toEqual(
      expect.arrayContaining(['README.md', 'ada.safetensors', 'samples/1.jpg']),
    );
    const card = (await hub(world, '/tempera-demo/ada/resolve/v1/README.md')).text;
    expect(card).toContain('training-1');
    expect(card).not.toContain('gone');
    expect(moved).toBeGreaterThanOrEqual(lora.sizeBytes);
  });

  it('uploads large files in parts, from a store without local files too, and cleans up', async () => {
    const world = await newWorld();
    const { localPath: _, ...remote } = store;
    const lora = await file('ada.safetensors', 3_500_000);

    const result = await publish(world, { files: [lora], from: remote });

    expect(result.sha256).toBe(lora.sha256);
    expect(await readdir(join(folder, 'tmp'))).toEqual([]);
  });

  it('makes a public repository only when asked to', async () => {
    const world = await newWorld();

    await publish(world, { files: [await file()], isPrivate: false });

    expect((await hub(world, '/api/models/tempera-demo/ada')).body.private).toBe(false);
  });

  it('finds an earlier publication again instead of making another', async () => {
    const world = await newWorld();
    const files = [await file()];
    const first = await publish(world, { files });
    const before = await commits(world);

    expect(await publish(world, { files })).toEqual(first);

    expect(await commits(world)).toBe(before);
    expect(Object.keys(await tags(world))).toEqual(['v1']);
  });

  it('tags the next training v2, and still finds v1', async () => {
    const world = await newWorld();
    const one = await file();
    const two = await file();
    const first = await publish(world, { files: [one] });

    const second = await publish(world, { files: [two], trainingId: 'training-2' });

    expect(second.path).toBe(first.path);
    expect(await tags(world)).toEqual({ v1: first.revision, v2: second.revision });
    expect(await publish(world, { files: [one] })).toEqual(first);
    expect(Object.keys(await tags(world))).toHaveLength(2);
  });

  it('only adds the tag when the commit was done but never heard of', async () => {
    const world = await newWorld();
    const files = [await file()];
    await world.fault({ at: 'hub', effect: 'commit-but-timeout', match: { path: '/commit/' } });
    await expect(publish(world, { files })).rejects.toMatchObject({ code: 'PROVIDER_UNAVAILABLE', retryable: true });
    const before = await commits(world);

    const result = await publish(world, { files });

    expect(await commits(world)).toBe(before);
    expect(await tags(world)).toEqual({ v1: result.revision });
  });

  it('looks again when somebody else commits in between', async () => {
    const world = await newWorld();
    const [one, two] = [await file(), await file()];

    const results = await Promise.all([
      publish(world, { files: [one] }),
      publish(world, { files: [two], trainingId: 'training-2' }),
    ]);

    expect(new Set(Object.values(await tags(world)))).toEqual(new Set(results.map(({ revision }) => revision)));
    expect(Object.keys(await tags(world)).sort()).toEqual(['v1', 'v2']);
  });

  it('looks again after a 412', async () => {
    const world = await newWorld();
    await world.fault({ at: 'hub', effect: 'status', status: 412, match: { path: '/commit/' } });

    const result = await publish(world, { files: [await file()] });

    expect(await tags(world)).toEqual({ v1: result.revision });
  });

  it('gives the two experts of Wan 2.2 a file each', async () => {
    const world = await newWorld();
    const files = [await file('x_high_noise.safetensors'), await file('x_low_noise.safetensors')];

    const result = await publish(world, { files, baseModel: 'wan-2.2' });

    expect(result.path).toBe('ada-high-noise.safetensors');
    const { body } = await hub(world, '/api/models/tempera-demo/ada/paths-info/v1', 'POST', {
      paths: ['ada-low-noise.safetensors'],
    });
    expect(body[0].lfs.oid).toBe(files[1]!.sha256);
  });

  it.each([
    ['rate-limited', { effect: 'rate-limited', retryAfterSec: 7 }, { code: 'RATE_LIMITED', retryAfterMs: 7_000 }],
    ['a server error', { effect: 'server-error' }, { code: 'PROVIDER_UNAVAILABLE' }],
    ['a lost connection', { effect: 'reset' }, { code: 'PROVIDER_UNAVAILABLE' }],
    ['no answer', { effect: 'hang' }, { code: 'PROVIDER_UNAVAILABLE' }],
    ['an unreadable answer', { effect: 'unreadable', match: { path: '/refs' } }, { code: 'PROVIDER_UNAVAILABLE' }],
    ['forbidden', { effect: 'forbidden', match: { path: '/commit/' } }, { code: 'AUTH' }],
    ['invalid', { effect: 'invalid', match: { path: '/commit/' } }, { code: 'PUBLISH_FAILED' }],
    [
      'an upload that fails',
      { effect: 'server-error', match: { path: '/lfs/object' } },
      { code: 'PROVIDER_UNAVAILABLE' },
    ],
  ])('says what is the matter: %s', async (_what, fault, expected) => {
    const world = await newWorld();
    await world.fault({ at: 'hub', ...fault });

    await expect(publish(world, { files: [await file()] })).rejects.toMatchObject(expected);
  });

  it('says AUTH for a wrong token and another’s namespace, and never shows the token', async () => {
    const world = await newWorld();
    const files = [await file()];
    for (const wishes of [{ as: 'hf_wrong_token' }, { repo: 'somebody/else' }]) {
      const error = await publish(world, { files, ...wishes }).catch((reason: unknown) => reason);

      expect(error).toMatchObject({ code: 'AUTH' });
      expect(JSON.stringify([String(error), error, String((error as Error).cause)])).not.toMatch(/hf_/);
    }
  });

  it('stops in the middle of an upload when aborted, and commits nothing', async () => {
    const world = await newWorld();
    const stop = new AbortController();

    const publishing = publish(world, {
      files: [await file()],
      signal: stop.signal,
      onProgress: () => stop.abort(new Error('cancelled')),
    });

    await expect(publishing).rejects.toThrow('cancelled');
    expect(await tags(world)).toEqual({});
  });

  it('does nothing under a signal that is aborted already', async () => {
    const world = await newWorld();

    await expect(
      publish(world, { files: [await file()], signal: AbortSignal.abort(new Error('late')) }),
    ).rejects.toThrow('late');

    expect((await hub(world, '/api/models/tempera-demo/ada')).status).toBe(404);
  });

  it('publishes nothing that was damaged at home', async () => {
    const world = await newWorld();
    const lora = await file();
    await store.put(lora.key, randomBytes(lora.sizeBytes));

    await expect(publish(world, { files: [lora] })).rejects.toMatchObject({ code: 'PUBLISH_FAILED' });

    expect(await tags(world)).toEqual({});
  });
});

/** Everything that can be seen of a repository's content. */
async function contentOf(world: TestWorld, repo = 'tempera-demo/ada') {
  const { body } = await hub(world, `/api/models/${repo}/tree/main?recursive=true`);
  return { commits: await commits(world, repo), tags: await tags(world, repo), tree: body };
}

describe('a repository that is not this user’s of this character', () => {
  const refusal = {
    code: 'PUBLISH_FAILED',
    retryable: false,
    message:
      "tempera-demo/ada is not a repository that was made here for this user's LoRA of this character. Name another one.",
  };
  const byHand = async (world: TestWorld, files: object[] = []) =>
    await hub(world, '/api/repos/create', 'POST', { name: 'ada', organization: 'tempera-demo', files });
  const mark = async (world: TestWorld, repo = 'tempera-demo/ada') =>
    (await hub(world, `/${repo}/resolve/main/tempera.json`)).text;

  it.each([
    ['another user', { userId: 'user-2' }],
    ['another user whose character has no name', { userId: 'user-2', characterId: null }],
    ['another character of the same user', { characterId: 'bob' }],
    ['a training without a character', { characterId: null }],
    ['another installation', { environment: 'other' }],
    ['an installation with another app key', { secret: 'another app key of thirty-two characters' }],
  ])('is left alone by %s', async (_who, wishes) => {
    const world = await newWorld();
    await publish(world, { files: [await file()] });
    const before = await contentOf(world);

    const publishing = publish(world, { files: [await file()], trainingId: 'training-2', ...wishes });

    await expect(publishing).rejects.toMatchObject(refusal);
    expect(await contentOf(world)).toEqual(before);
  });

  it('is left alone even by another user with the same weights', async () => {
    const world = await newWorld();
    const files = [await file()];
    await publish(world, { files });

    await expect(publish(world, { files, userId: 'user-2' })).rejects.toMatchObject(refusal);
  });

  it('without a character belongs to one training', async () => {
    const world = await newWorld();
    const files = [await file()];
    await publish(world, { files, characterId: null });

    await expect(
      publish(world, { files: [await file()], characterId: null, trainingId: 'training-2' }),
    ).rejects.toMatchObject(refusal);
    await expect(publish(world, { files, characterId: null })).resolves.toMatchObject({ sha256: files[0]!.sha256 });
  });

  it.each([
    ['empty', []],
    ['with files', [{ path: 'README.md', content: '# Mine' }]],
    ['with a mark that is no JSON', [{ path: 'tempera.json', content: 'mark' }]],
    ['with no mark in the file', [{ path: 'tempera.json', content: 'null' }]],
  ])('is left alone when somebody made it by hand, %s', async (_what, files) => {
    const world = await newWorld();
    await byHand(world, files);
    const before = await contentOf(world);

    await expect(publish(world, { files: [await file()] })).rejects.toMatchObject(refusal);

    expect(await contentOf(world)).toEqual(before);
  });

  it('cannot be claimed by the mark of another repository of the same user', async () => {
    const world = await newWorld();
    await publish(world, { files: [await file()], repo: 'tempera-demo/other' });
    await byHand(world, [{ path: 'tempera.json', content: await mark(world, 'tempera-demo/other') }]);

    await expect(publish(world, { files: [await file()] })).rejects.toMatchObject(refusal);
  });

  it('shows nobody’s user id in its mark', async () => {
    const world = await newWorld();
    await publish(world, { files: [await file()] });

    const text = await mark(world);

    expect(JSON.parse(text)).toMatchObject({ mark: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(text).not.toMatch(/user-1|ada/);
  });

  it('is no longer written to once its owner has removed the mark', async () => {
    const world = await newWorld();
    await publish(world, { files: [await file()] });
    await world.request('POST', `${world.url}/hub/api/models/tempera-demo/ada/commit/main`, {
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/x-ndjson' },
      body: [
        { key: 'header', value: { summary: 'Take it over' } },
        { key: 'deletedFile', value: { path: 'tempera.json' } },
      ]
        .map((line) => JSON.stringify(line))
        .join('\n'),
    });

    await expect(publish(world, { files: [await file()] })).rejects.toMatchObject(refusal);
  });

  it('is not found under another spelling', async () => {
    const world = await newWorld();
    await publish(world, { files: [await file()] });
    const before = await contentOf(world);

    const publishing = publish(world, { files: [await file()], repo: 'tempera-demo/Ada' });

    await expect(publishing).rejects.toMatchObject({ code: 'PUBLISH_FAILED' });
    expect(await contentOf(world)).toEqual(before);
  });

  it('is not followed to where it has moved', async () => {
    const world = await newWorld();
    await publish(world, { files: [await file()] });
    await hub(world, '/api/repos/move', 'POST', { fromRepo: 'tempera-demo/ada', toRepo: 'tempera-demo/eve' });
    const before = await contentOf(world, 'tempera-demo/eve');

    for (const userId of ['user-1', 'user-2'])
      await expect(publish(world, { files: [await file()], userId })).rejects.toMatchObject(refusal);

    expect(await contentOf(world, 'tempera-demo/eve')).toEqual(before);
  });

  it('goes to one of two users who make it at the same time', async () => {
    const world = await newWorld();
    const lora = { 'user-1': await file(), 'user-2': await file() };

    const outcomes = await Promise.allSettled(
      (['user-1', 'user-2'] as const).map((userId) => publish(world, { files: [lora[userId]], userId })),
    );

    const won = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    const lost = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
    expect(won).toHaveLength(1);
    expect(lost).toMatchObject([refusal]);
    expect(await tags(world)).toEqual({ v1: won[0]!.revision });
    expect(await commits(world)).toBe(3);
  });

  it('that took the place of ours while we looked is not written to', async () => {
    const world = await newWorld();
    await publish(world, { files: [await file()] });
    // The commit waits long enough for the repository to be another one when it is carried out.
    await world.fault({ at: 'hub', effect: 'delay', ms: 300, match: { route: '^commit$' } });
    const publishing = publish(world, { files: [await file()] }).catch((reason: unknown) => reason);
    await expect.poll(async () => (await world.book()).requests['POST hub commit']).toBe(2);
    await hub(world, '/api/repos/delete', 'DELETE', { name: 'ada', organization: 'tempera-demo' });
    await byHand(world);
    const before = await contentOf(world);

    expect(await publishing).toMatchObject({ code: 'PUBLISH_FAILED' });

    expect(await contentOf(world)).toEqual(before);
  });

  it('in a namespace that is not allowed is not even looked for', async () => {
    const world = await newWorld();

    await expect(publish(world, { files: [await file()], repo: 'elsewhere/ada' })).rejects.toMatchObject({
      code: 'PUBLISH_FAILED',
      retryable: false,
    });

    expect((await world.book()).requests).toEqual({});
  });
});

describe('what was published', () => {
  it.each([
    ['other bytes', { effect: 'corrupt', bytes: 200_000 }, { code: 'PUBLISH_FAILED', retryable: true }],
    ['fewer bytes', { effect: 'truncate', bytes: 200_000 }, { code: 'PROVIDER_UNAVAILABLE' }],
  ])('is not believed when the Hub serves %s than it says', async (_what, fault, expected) => {
    const world = await newWorld();
    await world.fault({ at: 'hub', ...fault, match: { path: 'safetensors' } });
    const files = [await file()];

    await expect(publish(world, { files })).rejects.toMatchObject(expected);

    await expect(publish(world, { files })).resolves.toMatchObject({ sha256: files[0]!.sha256 });
    expect(Object.keys(await tags(world))).toEqual(['v1']);
  });

  it('is downloaded once, with its bytes reported as progress', async () => {
    const world = await newWorld();
    const lora = await file();
    let moved = 0;

    await publish(world, { files: [lora], onProgress: (bytes) => (moved += bytes) });

    expect(moved).toBeGreaterThanOrEqual(2 * lora.sizeBytes);
    expect((await world.book()).requests['GET hub resolve']).toBe(2);
  });
});
