/** What the Hub does beyond our own client: as huggingface_hub 2.4.0 (ee0a451, 2026-08-20) and the OpenAPI document have it. */
import { randomBytes } from 'node:crypto';
import { commit, createRepo, modelInfo } from '@huggingface/hub';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCloud } from './world.ts';
import type { Answer, TestWorld } from './world.ts';

let cloud: Awaited<ReturnType<typeof startCloud>>;
let world: TestWorld;
let hubUrl: string;

beforeAll(async () => {
  cloud = await startCloud();
  world = await cloud.world('hub-beside', { hubTokens: { hf_emulated: 'tempera-demo', hf_other: 'somebody' } });
  hubUrl = `${world.url}/hub`;
});
afterAll(() => cloud.close());

interface Wishes {
  readonly body?: unknown;
  readonly token?: string;
  readonly type?: string;
}

async function ask(method: string, path: string, { body, token = 'hf_emulated', type }: Wishes = {}): Promise<Answer> {
  return await world.request(method, `${hubUrl}${path}`, {
    headers: { authorization: `Bearer ${token}`, ...(type !== undefined && { 'content-type': type }) },
    ...(body !== undefined && { body }),
  });
}

/** A repository with weights, a card and a sample. */
async function newRepo(name: string, visibility: 'private' | 'public' = 'private'): Promise<string> {
  const repo = `tempera-demo/${name}`;
  const access = { repo, hubUrl, accessToken: 'hf_emulated' };
  await createRepo({ ...access, visibility });
  await commit({
    ...access,
    title: 'Add the LoRA',
    operations: [
      { operation: 'addOrUpdate', path: 'lora.safetensors', content: new Blob([randomBytes(5_000)]) },
      { operation: 'addOrUpdate', path: 'samples/one.txt', content: new Blob(['one']) },
    ],
    useXet: false,
  });
  await commit({
    ...access,
    title: 'Add a card',
    operations: [{ operation: 'addOrUpdate', path: 'README.md', content: new Blob(['# A card']) }],
  });
  return repo;
}

const lines = (...objects: object[]): string => objects.map((line) => JSON.stringify(line)).join('\n');
const NDJSON = 'application/x-ndjson';

describe('paths-info', () => {
  it('takes a form, as Python sends it, and JSON, with one path or several', async () => {
    const repo = await newRepo('paths');
    const path = `/api/models/${repo}/paths-info/main`;
    const type = 'application/x-www-form-urlencoded';

    const form = await ask('POST', path, {
      body: 'paths=lora.safetensors&paths=samples&paths=none&expand=false',
      type,
    });
    const json = await ask('POST', path, { body: { paths: ['lora.safetensors', 'samples', 'none'], expand: false } });
    const one = await ask('POST', path, { body: 'paths=README.md', type });

    expect(form).toMatchObject({ status: 200, body: [{ type: 'file', size: 5_000 }, { type: 'directory' }] });
    expect(json.body).toEqual(form.body);
    expect(one.body).toMatchObject([{ path: 'README.md' }]);
  });
});

describe('tree', () => {
  it('expands files and folders with their last commit, and files with what scanners say', async () => {
    const repo = await newRepo('tree');
    const { body } = await ask('GET', `/api/models/${repo}/tree/main?recursive=True&expand=True`);
    const plain = await ask('GET', `/api/models/${repo}/tree/main?recursive=true`);

    const unscanned = { status: 'unscanned' };
    const security = { ...unscanned, avScan: unscanned, pickleImportScan: unscanned };
    expect(body.map((entry: object) => ({ ...entry, oid: '', lfs: undefined }))).toEqual([
      expect.objectContaining({
        path: 'lora.safetensors',
        lastCommit: title('Add the LoRA'),
        securityFileStatus: security,
      }),
      expect.objectContaining({ path: 'README.md', lastCommit: title('Add a card'), securityFileStatus: security }),
      expect.objectContaining({ type: 'directory', path: 'samples', lastCommit: title('Add the LoRA') }),
      expect.objectContaining({ path: 'samples/one.txt', lastCommit: title('Add the LoRA') }),
    ]);
    expect(body.every(({ oid }: { oid: string }) => /^[0-9a-f]{40}$/.test(oid))).toBe(true);
    expect(plain.text).not.toMatch(/lastCommit|securityFileStatus/);
  });

  const title = (text: string): unknown =>
    expect.objectContaining({ title: text, date: expect.stringMatching(/^\d{4}-.*Z$/) });
});

describe('create_pr', () => {
  const proposal = lines(
    { key: 'header', value: { summary: 'Propose a file' } },
    { key: 'file', value: { path: 'proposed.txt', content: 'text' } },
  );

  it('opens a pull request and leaves main as it is', async () => {
    const repo = await newRepo('pulls');
    const before = (await ask('GET', `/api/models/${repo}/commits/main`)).body;

    const made = await ask('POST', `/api/models/${repo}/commit/main?create_pr=1`, { body: proposal, type: NDJSON });
    const second = await ask('POST', `/api/models/${repo}/commit/main?create_pr=1`, { body: proposal, type: NDJSON });

    expect(made.body.pullRequestUrl).toMatch(/\/hub\/tempera-demo\/pulls\/discussions\/1$/);
    expect(second.body.pullRequestUrl).toMatch(/discussions\/2$/);
    expect((await ask('GET', `/api/models/${repo}/commits/main`)).body).toEqual(before);
    expect((await ask('GET', `/${repo}/resolve/main/proposed.txt`)).status).toBe(404);
    expect((await ask('GET', `/${repo}/resolve/refs%2Fpr%2F1/proposed.txt`)).text).toBe('text');
    const refs = (await ask('GET', `/api/models/${repo}/refs?include_prs=1`)).body;
    expect(refs.branches.map(({ name }: { name: string }) => name)).toEqual(['main']);
    expect(refs.pullRequests).toEqual([
      { name: '1', ref: 'refs/pr/1', targetCommit: made.body.commitOid },
      { name: '2', ref: 'refs/pr/2', targetCommit: second.body.commitOid },
    ]);
    expect((await ask('GET', `/api/models/${repo}/refs`)).body).not.toHaveProperty('pullRequests');
  });

  it('is all that somebody else may do to a public repository', async () => {
    const repo = await newRepo('proposals', 'public');
    const as = { body: proposal, type: NDJSON, token: 'hf_other' };

    expect((await ask('POST', `/api/models/${repo}/commit/main?create_pr=1`, as)).status).toBe(200);
    expect((await ask('POST', `/api/models/${repo}/commit/main`, as)).status).toBe(403);
    expect((await ask('POST', `/api/models/${repo}/commit/main?create_pr=0`, as)).status).toBe(403);
  });
});

describe('settings', () => {
  it('change the visibility, and only the owner may', async () => {
    const repo = await newRepo('settings');
    const path = `/api/models/${repo}/settings`;

    const opened = await ask('PUT', path, { body: { visibility: 'public' } });

    expect(opened).toMatchObject({ status: 200, body: { private: false, visibility: 'public' } });
    expect((await modelInfo({ name: repo, hubUrl, accessToken: 'hf_other' })).private).toBe(false);
    expect((await ask('PUT', path, { body: { private: true }, token: 'hf_other' })).status).toBe(403);
    expect((await ask('PUT', path, { body: { private: true } })).body).toMatchObject({ private: true });
    expect((await ask('PUT', path, { body: { visibility: 'protected' } })).status).toBe(400);
    expect((await ask('GET', `/api/models/${repo}`, { token: 'hf_other' })).status).toBe(404);
  });
});

describe('move', () => {
  it('renames a repository, and the former name redirects with method and query', async () => {
    const repo = await newRepo('former');
    const move = (fromRepo: string, toRepo: string, token = 'hf_emulated') =>
      ask('POST', '/api/repos/move', { body: { fromRepo, toRepo, type: 'model' }, token });
    await newRepo('taken');

    expect((await move(repo, 'tempera-demo/taken')).status).toBe(409);
    expect((await move(repo, 'somebody/else')).status).toBe(403);
    expect((await move(repo, 'tempera-demo/later', 'hf_other')).status).toBe(404);
    expect((await move(repo, 'tempera-demo/later')).status).toBe(200);

    const raw = await fetch(`${hubUrl}/api/models/${repo}/tree/main?recursive=true`, {
      headers: { authorization: 'Bearer hf_emulated' },
      redirect: 'manual',
    });
    expect(raw.status).toBe(307);
    expect(raw.headers.get('location')).toBe(`${hubUrl}/api/models/tempera-demo/later/tree/main?recursive=true`);
    expect((await ask('GET', `/api/models/${repo}`)).body.id).toBe('tempera-demo/later');
    expect((await ask('GET', `/api/models/${repo}`, { token: 'hf_other' })).status).toBe(404);
  });

  it('gives a former name to whoever makes a new repository of it', async () => {
    const repo = await newRepo('again');
    await ask('POST', '/api/repos/move', { body: { fromRepo: repo, toRepo: 'tempera-demo/moved-on' } });
    await createRepo({ repo, hubUrl, accessToken: 'hf_emulated' });

    expect((await ask('GET', `/api/models/${repo}`)).body.id).toBe(repo);
    expect((await ask('GET', '/api/models/tempera-demo/moved-on')).status).toBe(200);
  });

  it('finds another spelling of a name, and makes no second repository of it', async () => {
    await newRepo('Spelling');

    expect((await ask('GET', '/api/models/tempera-demo/spelling')).body.id).toBe('tempera-demo/Spelling');
    expect((await ask('POST', '/api/repos/create', { body: { name: 'spelling' } })).status).toBe(409);
  });
});

describe('Xet', () => {
  it('hands out tokens in body and headers, for writing to the owner only', async () => {
    const repo = await newRepo('xet', 'public');

    const token = await ask('GET', `/api/models/${repo}/xet-write-token/main`);

    expect(token).toMatchObject({
      status: 200,
      body: { casUrl: `${hubUrl}/xet`, exp: expect.any(Number), accessToken: expect.stringMatching(/^xet_/) },
    });
    expect(token.body.exp * 1_000).toBeGreaterThan(Date.now());
    expect(token.headers.get('x-xet-cas-url')).toBe(token.body.casUrl);
    expect(token.headers.get('x-xet-access-token')).toBe(token.body.accessToken);
    expect(token.headers.get('x-xet-token-expiration')).toBe(String(token.body.exp));
    expect((await ask('GET', `/api/models/${repo}/xet-write-token/None`)).status).toBe(200);
    expect((await ask('GET', `/api/models/${repo}/xet-write-token/main`, { token: 'hf_other' })).status).toBe(403);
    expect((await ask('GET', `/api/models/${repo}/xet-read-token/main`, { token: 'hf_other' })).status).toBe(200);
  });

  it('says that its storage is missing', async () => {
    expect(await ask('POST', '/xet/v1/shards', { body: {} })).toMatchObject({
      status: 404,
      body: { error: expect.stringContaining('HF_HUB_DISABLE_XET=1') },
    });
  });
});

describe('a body that is no good', () => {
  const bodies = [
    '',
    '{',
    'null',
    '[]',
    '5',
    '"x"',
    '{}',
    '{"files":5,"objects":5,"paths":5,"parts":5,"name":5,"tag":5,"operation":"upload"}',
    '{"files":[null],"objects":[null],"paths":[null],"parts":[null],"name":"","operation":"upload"}',
    '{"files":[{}],"objects":[{}],"paths":[{}],"parts":[{}],"name":{},"operation":"upload"}',
    '{"key":"header","value":null}',
    '{"key":"header","value":{"summary":5}}',
    '{"value":{"path":"x"}}',
    '{"key":"header","value":{"summary":"s"}}\n{"key":"file","value":{"path":5}}',
    '{"key":"lfsFile","value":{"path":"x","oid":"../../secret","size":1}}',
    '{"key":"file","value":{"path":"../x","content":""}}',
    '{"name":"..","fromRepo":"a","toRepo":5}',
    '{"private":5,"visibility":5,"gated":5,"startingPoint":5}',
  ];

  it('is answered with 4xx and a sentence on every route, never with a stack trace', async () => {
    const repo = await newRepo('broken');
    const oid = '0'.repeat(64);
    const routes = [
      ...['repos/create', 'repos/move'].map((path) => ['POST', `/api/${path}`] as const),
      ['DELETE', '/api/repos/delete'] as const,
      ['PUT', `/api/models/${repo}/settings`] as const,
      ...['preupload/main', 'commit/main', 'paths-info/main', 'branch/main', 'tag/main'].map(
        (path) => ['POST', `/api/models/${repo}/${path}`] as const,
      ),
      ['POST', `/${repo}.git/info/lfs/objects/batch`] as const,
      ['PUT', `/lfs/object/${oid}`] as const,
      ['PUT', `/lfs/part/${oid}/1`] as const,
      ['POST', `/lfs/complete/${oid}`] as const,
    ];
    const wrong: string[] = [];
    for (const [method, path] of routes)
      for (const body of bodies) {
        const { status, text, body: said } = await ask(method, path, { body, type: 'application/json' });
        // Where nothing is required, a body without a known name asks for nothing, which is no mistake.
        const isFine = status >= 400 && status < 500 && typeof said.error === 'string' && said.error !== '';
        const isNothing = status === 200 && path.endsWith('/settings') && !body.includes('visibility');
        if (/\bat .*:\d+|\.ts|node:|TypeError|SyntaxError/.test(text) || !(isFine || isNothing))
          wrong.push(`${method} ${path} ${body}: ${status} ${text}`);
      }

    expect(wrong).toEqual([]);
    expect((await ask('GET', `/api/models/${repo}/commits/main`)).body).toHaveLength(3);
  });

  it.each(['%', '%ff', '%00', '..%2f..', "'", 'a b'])('nor is a path with %s', async (segment) => {
    for (const path of [
      `/api/models/${segment}/x`,
      `/api/models/tempera-demo/${segment}/tree/main`,
      `/x/y/resolve/${segment}/f`,
    ]) {
      const { status, text } = await ask('GET', path);

      expect(status).toBeGreaterThanOrEqual(400);
      expect(status).toBeLessThan(500);
      expect(text).not.toMatch(/\bat .*:\d+|\.ts/);
    }
  });
});
