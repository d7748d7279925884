/** The emulated Hub with the real client @huggingface/hub. */
import { createHash, randomBytes } from 'node:crypto';
import { openAsBlob } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  commit,
  createBranch,
  createRepo,
  deleteRepo,
  downloadFile,
  fileDownloadInfo,
  fileExists,
  listCommits,
  listFiles,
  listModels,
  modelInfo,
  pathsInfo,
  repoExists,
  uploadFile,
  whoAmI,
} from '@huggingface/hub';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withTimeLimit } from '../../core/time-limit.ts';
import { startCloud } from './world.ts';
import type { HubApiError } from '@huggingface/hub';
import type { TestWorld } from './world.ts';

const accessToken = 'hf_emulated';
let cloud: Awaited<ReturnType<typeof startCloud>>;
let world: TestWorld;
let folder: string;

beforeAll(async () => {
  cloud = await startCloud();
  world = await cloud.world('hub', {
    hubPartBytes: 1_000_000,
    hubTokens: { hf_emulated: 'tempera-demo', hf_other: 'somebody' },
  });
  folder = await mkdtemp(join(tmpdir(), 'tempera-hub-'));
});

afterAll(async () => {
  await cloud.close();
  await rm(folder, { recursive: true, force: true });
});

function at(): { hubUrl: string; accessToken: string } {
  return { hubUrl: `${world.url}/hub`, accessToken };
}

async function newRepo(
  name: string,
  visibility: 'private' | 'public' = 'private',
): Promise<{ type: 'model'; name: string }> {
  const repo = { type: 'model' as const, name: `tempera-demo/${name}` };
  await createRepo({ repo, visibility, ...at() });
  return repo;
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

async function status(call: Promise<unknown>): Promise<number> {
  return call.then(
    () => 200,
    (error: unknown) => (error as HubApiError).statusCode,
  );
}

function tag(repo: { name: string }, name: string, revision = 'main'): Promise<{ status: number }> {
  return world.request('POST', `${world.url}/hub/api/models/${repo.name}/tag/${revision}`, {
    headers: { authorization: `Bearer ${accessToken}` },
    body: { tag: name },
  });
}

describe('the real @huggingface/hub client', () => {
  it('knows who it is and is refused with an unknown token', async () => {
    expect((await whoAmI(at())).name).toBe('tempera-demo');
    expect(await status(whoAmI({ hubUrl: `${world.url}/hub`, accessToken: 'hf_nobody' }))).toBe(401);
  });

  it('creates a private repository once and gets 409 for the second', async () => {
    const repo = await newRepo('once');
    expect(await status(createRepo({ repo, visibility: 'private', ...at() }))).toBe(409);
    expect((await modelInfo({ name: repo.name, ...at() })).private).toBe(true);
    expect(await status(createRepo({ repo: 'somebody/else', ...at() }))).toBe(403);
  });

  it('hides a private repository from strangers', async () => {
    const repo = await newRepo('hidden');
    const hubUrl = `${world.url}/hub`;
    expect(await repoExists({ repo, ...at() })).toBe(true);
    expect(await repoExists({ repo, hubUrl })).toBe(false);
    expect(await status(modelInfo({ name: repo.name, hubUrl }))).toBe(401);
    expect(await status(modelInfo({ name: repo.name, hubUrl, accessToken: 'hf_other' }))).toBe(404);
    expect(await status(all(listFiles({ repo, hubUrl, accessToken: 'hf_other' })))).toBe(404);
  });

  it.each([
    ['whole (basic)', 400_000],
    ['in parts (multipart)', 2_500_001],
  ])('commits weights %s with a card and samples, and reads them back', async (_, sizeBytes) => {
    const repo = await newRepo(`commit-${sizeBytes}`);
    const weights = randomBytes(sizeBytes);
    const path = join(folder, `${sizeBytes}.safetensors`);
    await writeFile(path, weights);

    const made = await commit({
      repo,
      title: 'Add the LoRA',
      operations: [
        { operation: 'addOrUpdate', path: 'lora.safetensors', content: await openAsBlob(path) },
        { operation: 'addOrUpdate', path: 'README.md', content: new Blob(['# A card\n']) },
        { operation: 'addOrUpdate', path: 'samples/one.jpg', content: new Blob([Buffer.alloc(5000, 'x')]) },
      ],
      useXet: false,
      ...at(),
    });

    const files = await all(listFiles({ repo, recursive: true, ...at() }));
    expect(files.filter(({ type }) => type === 'file').map((file) => file.path)).toEqual([
      'lora.safetensors',
      'README.md',
      'samples/one.jpg',
    ]);
    const [info] = await pathsInfo({ repo, paths: ['lora.safetensors'], revision: made?.commit.oid ?? '', ...at() });
    expect(info?.lfs?.oid).toBe(createHash('sha256').update(weights).digest('hex'));
    expect((await fileDownloadInfo({ repo, path: 'lora.safetensors', ...at() }))?.size).toBe(sizeBytes);
    const blob = await downloadFile({ repo, path: 'lora.safetensors', ...at() });
    expect(Buffer.from((await blob?.arrayBuffer()) ?? new ArrayBuffer(0)).equals(weights)).toBe(true);
    expect(await (await downloadFile({ repo, path: 'README.md', ...at() }))?.text()).toBe('# A card\n');
  });

  it('falls back from Xet to LFS, and skips objects that are stored already', async () => {
    const repo = await newRepo('xet');
    const content = new Blob([randomBytes(300_000)]);
    await uploadFile({ repo, file: { path: 'a.safetensors', content }, ...at() });
    const before = (await world.book()).requests['PUT hub lfs/object'];
    await uploadFile({ repo, file: { path: 'b.safetensors', content }, ...at() });
    expect((await world.book()).requests['PUT hub lfs/object']).toBe(before);
    expect(await fileExists({ repo, path: 'b.safetensors', ...at() })).toBe(true);
    expect(await fileExists({ repo, path: 'c.safetensors', ...at() })).toBe(false);
  });

  it('refuses a commit on an outdated parent with 412', async () => {
    const repo = await newRepo('parent');
    const operations = [{ operation: 'addOrUpdate' as const, path: 'a.txt', content: new Blob(['1']) }];
    const first = await commit({ repo, title: 'one', operations, ...at() });
    const parentCommit = first?.commit.oid ?? '';
    expect(await status(commit({ repo, title: 'two', operations, parentCommit, ...at() }))).toBe(200);
    expect(await status(commit({ repo, title: 'three', operations, parentCommit, ...at() }))).toBe(412);
    expect((await all(listCommits({ repo, ...at() }))).map(({ title }) => title)).toEqual([
      'two',
      'one',
      'initial commit',
    ]);
  });

  it('pins a version with a tag, once', async () => {
    const repo = await newRepo('tags');
    await uploadFile({ repo, file: { path: 'a.txt', content: new Blob(['v1']) }, ...at() });
    expect((await tag(repo, 'v1')).status).toBe(200);
    await uploadFile({ repo, file: { path: 'a.txt', content: new Blob(['v2']) }, ...at() });
    expect((await tag(repo, 'v1')).status).toBe(409);
    expect(await (await downloadFile({ repo, path: 'a.txt', revision: 'v1', ...at() }))?.text()).toBe('v1');
    const refs = await world.request('GET', `${world.url}/hub/api/models/${repo.name}/refs`, {
      headers: { authorization: `Bearer ${accessToken}` },
    });
    expect(refs.body.tags.map(({ name }: { name: string }) => name)).toEqual(['v1']);
  });

  it('works on branches and lists only what the caller may see', async () => {
    const repo = await newRepo('branches', 'public');
    await createBranch({ repo, branch: 'next', ...at() });
    await uploadFile({ repo, branch: 'next', file: { path: 'n.txt', content: new Blob(['n']) }, ...at() });
    expect(await fileExists({ repo, path: 'n.txt', ...at() })).toBe(false);
    expect(await fileExists({ repo, path: 'n.txt', revision: 'next', ...at() })).toBe(true);
    const seen = await all(listModels({ search: { owner: 'tempera-demo' }, hubUrl: `${world.url}/hub` }));
    expect(seen.map(({ name }) => name)).toEqual([repo.name]);
    await deleteRepo({ repo, ...at() });
    expect(await repoExists({ repo, ...at() })).toBe(false);
  });

  it('answers a missing file with null and a missing revision with 404', async () => {
    const repo = await newRepo('missing');
    expect(await fileDownloadInfo({ repo, path: 'none', ...at() })).toBeNull();
    expect(await status(fileDownloadInfo({ repo, path: 'none', revision: 'nope', ...at() }))).toBe(404);
  });

  it('fails a chosen request, and the commit may be there after a timeout', async () => {
    const repo = await newRepo('faults');
    const file = { path: 'a.safetensors', content: new Blob([randomBytes(1000)]) };
    await world.fault({ at: 'hub', match: { path: '/lfs/object/' }, effect: 'server-error' });
    expect(await status(uploadFile({ repo, file, useXet: false, ...at() }))).toBe(500);
    await world.fault({ at: 'hub', match: { path: '/commit/' }, effect: 'commit-but-timeout' });
    await expect(
      withTimeLimit(1_500, undefined, (abortSignal) => uploadFile({ repo, file, useXet: false, abortSignal, ...at() })),
    ).rejects.toThrow();
    expect(await fileExists({ repo, path: file.path, ...at() })).toBe(true);
  });
});
