/** Every fault that can be asked of the emulator does what emulator/README.md says. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withTimeLimit } from '../../core/time-limit.ts';
import { NO_DELAYS } from '../../emulator/client.ts';
import type { ConfigPatch, NewFault } from '../../emulator/client.ts';
import { podRequest, startCloud, until } from './world.ts';
import type { TestWorld } from './world.ts';

let cloud: Awaited<ReturnType<typeof startCloud>>;
let count = 0;

beforeAll(async () => {
  cloud = await startCloud();
});

afterAll(async () => cloud.close());

function world(config: ConfigPatch = {}): Promise<TestWorld> {
  count += 1;
  return cloud.world(`faults-${count}`, config);
}

async function podsNamed(at: TestWorld, name: string): Promise<{ id: string; name: string }[]> {
  const list = await at.runpod('GET', '/v2/pods');
  return list.body.pods.filter((pod: { name: string }) => pod.name === name);
}

describe('faults when a pod is created', () => {
  it('no capacity k times, then a pod; only for the GPU that was named', async () => {
    const at = await world();
    await at.fault({ at: 'pods.create', match: { gpuId: 'RTX 4090' }, effect: 'no-capacity', times: 2 });
    const statuses = [];
    for (let n = 0; n < 3; n += 1) statuses.push((await at.runpod('POST', '/v2/pods', podRequest('a'))).status);
    expect(statuses).toEqual([400, 400, 201]);
    expect((await at.book()).posts.map(({ result }: { result: string }) => result)).toEqual([
      'refused',
      'refused',
      'created',
    ]);
  });

  it('stock NONE is no capacity for ever', async () => {
    const at = await world({ stock: { 'NVIDIA GeForce RTX 4090': 'NONE' } });
    const answer = await at.runpod('POST', '/v2/pods', podRequest('a'));
    expect([answer.status, answer.body.detail]).toEqual([
      400,
      expect.stringContaining('no longer any instances available'),
    ]);
  });

  it.each(['created-but-500', 'created-but-reset', 'created-but-timeout', 'created-but-unreadable'])(
    '%s leaves a pod that the list shows',
    async (effect) => {
      const at = await world();
      await at.fault({ at: 'pods.create', effect });
      await withTimeLimit(1_500, undefined, (signal) =>
        at.runpod('POST', '/v2/pods', podRequest('lost'), signal),
      ).catch(() => undefined);
      expect(await podsNamed(at, 'lost')).toHaveLength(1);
    },
  );

  it.each<[string, number]>([
    ['unauthorized', 401],
    ['no-balance', 402],
    ['forbidden', 403],
    ['invalid', 422],
    ['rate-limited', 429],
    ['server-error', 500],
  ])('%s refuses without a pod', async (effect, status) => {
    const at = await world();
    await at.fault({ at: 'pods.create', effect });
    expect((await at.runpod('POST', '/v2/pods', podRequest('a'))).status).toBe(status);
    expect(await podsNamed(at, 'a')).toHaveLength(0);
  });

  it('the edge turns away default user agents', async () => {
    const at = await world();
    await at.fault({ at: 'runpod', effect: 'edge-1010', times: 0 });
    const refused = await at.request('GET', `${at.url}/runpod/v2/pods`, {
      headers: { authorization: 'Bearer emulated', 'user-agent': 'node' },
    });
    expect([refused.status, refused.text]).toEqual([403, 'error code: 1010']);
    expect((await at.runpod('GET', '/v2/pods')).status).toBe(200);
  });
});

describe('faults of a pod', () => {
  it.each<[string, string]>([
    ['stuck-provisioning', 'PROVISIONING'],
    ['error-after-boot', 'ERROR'],
    ['no-runtime', 'RUNNING'],
  ])('%s stays %s without runtime', async (effect, status) => {
    const at = await world();
    await at.fault({ at: 'pods.create', effect });
    const { id } = (await at.runpod('POST', '/v2/pods', podRequest('a'))).body;
    await until(async () => (await at.runpod('GET', `/v2/pods/${id}`)).body.status === status);
    expect((await at.runpod('GET', `/v2/pods/${id}`)).body.runtime).toBeNull();
    expect((await at.toolkit(id, 'GET', '/api/auth')).status).toBe(502);
  });

  it('boots in stages and the proxy answers 502 until the app listens', async () => {
    const at = await world({ delaysMs: { ...NO_DELAYS, ports: 30, app: 3_600_000 } });
    const { id } = (await at.runpod('POST', '/v2/pods', podRequest('a'))).body;
    await until(async () => (await at.runpod('GET', `/v2/pods/${id}`)).body.runtime !== null);
    expect((await at.toolkit(id, 'GET', '/api/auth')).status).toBe(502);
    await at.advance(3_600_000);
    await until(async () => (await at.toolkit(id, 'GET', '/api/auth')).status === 200);
  });

  it('vanishes at a step: 404 and no further bill', async () => {
    const at = await world();
    await at.fault({ at: 'trainer', effect: 'vanish', step: 15 });
    const pod = await at.pod('a');
    await at.train(pod, 'job_vanish');
    await until(async () => (await at.runpod('GET', `/v2/pods/${pod}`)).status === 404);
    expect((await at.toolkit(pod, 'GET', '/api/auth')).status).toBe(404);
    expect((await at.book()).pods[0]).toMatchObject({ endedBy: 'vanished', deletedAtMs: expect.any(Number) });
  });

  it('vanishes after a time', async () => {
    const at = await world();
    await at.fault({ at: 'pods.create', effect: 'vanish', ms: 30 });
    const { id } = (await at.runpod('POST', '/v2/pods', podRequest('a'))).body;
    await until(async () => (await at.runpod('GET', `/v2/pods/${id}`)).status === 404);
    expect(await podsNamed(at, 'a')).toHaveLength(0);
  });

  it('comes back with an empty disk after a container restart', async () => {
    const at = await world();
    await at.fault({ at: 'pods.create', effect: 'container-restart', step: 15 });
    const pod = await at.pod('a');
    await at.train(pod, 'job_restart');
    await until(async () => {
      const jobs = await at.toolkit(pod, 'GET', '/api/jobs');
      return jobs.status === 200 && jobs.body.jobs.length === 0;
    });
    expect((await at.toolkit(pod, 'GET', '/api/datasets/list')).body).toEqual([]);
    expect((await at.ended(pod, await at.train(pod, 'job_again'))).status).toBe('completed');
    expect((await at.book()).trainingsStarted[pod]).toBe(2);
  });
});

describe('a pod that has ended', () => {
  it('may go on answering through the proxy with what it last knew', async () => {
    const at = await world();
    await at.fault({ at: 'pods.create', effect: 'ghost', ms: 60_000 }, { at: 'trainer', effect: 'vanish', step: 15 });
    const pod = await at.pod('a');
    const job = await at.train(pod, 'job_ghost');
    await until(async () => (await at.runpod('GET', `/v2/pods/${pod}`)).status === 404);
    expect(await at.job(pod, job)).toMatchObject({ status: 'running', step: 15 });
    await at.toolkit(pod, 'GET', '/api/queue/0/start');
    expect((await at.book()).trainings).toMatchObject([{ lastStep: 15, endedAtMs: expect.any(Number) }]);
    expect((await at.book()).aliveNow).toEqual([]);
    await at.advance(60_001);
    expect((await at.toolkit(pod, 'GET', '/api/auth')).status).toBe(404);
  });

  it.each([200, 404, 502] as const)('answers with a page and %i', async (deadPodStatus) => {
    const at = await world({ deadPodStatus });
    const pod = await at.pod('a');
    await at.runpod('DELETE', `/v2/pods/${pod}`);
    const answer = await at.toolkit(pod, 'GET', '/api/auth');
    expect([answer.status, answer.headers.get('content-type')]).toEqual([deadPodStatus, 'text/html']);
  });

  it.each(['exited', 'container-restart'])('%s at a step ends the training and empties the disk', async (effect) => {
    const at = await world();
    await at.fault({ at: 'trainer', effect, step: 15 });
    const pod = await at.pod('a');
    await at.train(pod, 'job_x');
    await until(async () => typeof (await at.book()).trainings[0]?.endedAtMs === 'number');
    expect((await at.book()).trainings).toMatchObject([{ lastStep: 15, lastSavedStep: 10 }]);
    const { status, cost } = { exited: { status: 'EXITED', cost: 0 } }[effect] ?? { status: 'RUNNING', cost: 0.74 };
    await until(async () => (await at.runpod('GET', `/v2/pods/${pod}`)).body.status === status);
    expect((await at.runpod('GET', `/v2/pods/${pod}`)).body.cost).toBe(cost);
    if (effect === 'exited') return;
    await until(async () => (await at.toolkit(pod, 'GET', '/api/auth')).status === 200);
    expect((await at.toolkit(pod, 'GET', '/api/jobs')).body.jobs).toEqual([]);
  });
});

describe('a slow host', () => {
  const STEP_MS = 60_000;

  it.each<[string, NewFault, ConfigPatch]>([
    ['by a fate of the pod', { at: 'pods.create', effect: 'slow-host', factor: 3 }, {}],
    ['by a fault of the trainer', { at: 'trainer', effect: 'slow', factor: 3 }, {}],
    ['by its kind of GPU', { at: 'hub', effect: 'reset', times: 0 }, { stepFactors: { 'NVIDIA GeForce RTX 4090': 3 } }],
  ])('takes three times as long for a step: %s', async (_, fault, config) => {
    const at = await world({ delaysMs: { ...NO_DELAYS, step: STEP_MS }, ...config });
    await at.fault(fault);
    const pod = await at.pod('a');
    const job = await at.train(pod, 'job_slow', { performance_log_every: 1, train: { skip_first_sample: true } });
    await until(async () => (await at.job(pod, job)).info === 'Training');
    await at.advance(2 * STEP_MS);
    // A step would have been noted before this answer comes: the trainer wakes up first.
    await at.runpod('GET', '/v2/pods');
    expect((await at.job(pod, job)).step).toBe(0);
    await at.advance(STEP_MS);
    await until(async () => (await at.job(pod, job)).step === 1);
    expect((await at.job(pod, job)).speed_string).toBe('');
    await at.advance(3 * STEP_MS);
    await until(async () => (await at.job(pod, job)).speed_string === '180.00 sec/iter');
  });

  it('gets slow at a step', async () => {
    const at = await world({ delaysMs: { ...NO_DELAYS, step: 1 } });
    await at.fault({ at: 'trainer', effect: 'slow', step: 5, factor: 1_000_000 });
    const pod = await at.pod('a');
    const job = await at.train(pod, 'job_slow', { performance_log_every: 1 });
    await until(async () => (await at.job(pod, job)).speed_string === '1000.00 sec/iter');
    expect((await at.job(pod, job)).step).toBe(5);
  });
});

describe('faults of list, delete and billing', () => {
  it.each(['deleted-but-500', 'deleted-but-reset'])('%s: the pod is gone all the same', async (effect) => {
    const at = await world();
    const pod = await at.pod('a');
    await at.fault({ at: 'pods.delete', effect });
    const status = await at.runpod('DELETE', `/v2/pods/${pod}`).then(
      (answer) => answer.status,
      () => 'reset',
    );
    expect(status).toBe(effect === 'deleted-but-500' ? 500 : 'reset');
    expect((await at.runpod('DELETE', `/v2/pods/${pod}`)).status).toBe(404);
    expect((await at.book()).pods[0]!.endedBy).toBe('deleted');
  });

  it('a list without an array, doubled, short with a cursor, or late', async () => {
    const at = await world();
    await at.pod('a');
    await at.pod('b');
    await at.fault(
      { at: 'pods.list', effect: 'no-array' },
      { at: 'pods.list', effect: 'duplicated' },
      { at: 'pods.list', effect: 'short-page' },
      { at: 'pods.list', effect: 'delayed', ms: 60_000 },
    );
    expect((await at.runpod('GET', '/v2/pods')).body.pods).toBeUndefined();
    expect((await at.runpod('GET', '/v2/pods')).body.pods).toHaveLength(4);
    const page = (await at.runpod('GET', '/v2/pods')).body;
    expect(page).toMatchObject({ pods: [{ name: 'b' }], pagination: { hasNextPage: true } });
    expect((await at.runpod('GET', '/v2/pods')).body.pods).toHaveLength(0);
    expect((await at.runpod('GET', `/v2/pods?cursor=${page.pagination.nextCursor}`)).body.pods).toMatchObject([
      { name: 'a' },
    ]);
    expect((await at.runpod('GET', '/v2/pods?cursor=foreign')).status).toBe(422);
  });

  it('a deleted pod lingers in the list', async () => {
    const at = await world();
    const pod = await at.pod('a');
    await at.fault({ at: 'pods.delete', effect: 'lingering', ms: 10_000 });
    expect((await at.runpod('DELETE', `/v2/pods/${pod}`)).status).toBe(204);
    expect(await podsNamed(at, 'a')).toMatchObject([{ id: pod, status: 'TERMINATED' }]);
    await at.request('POST', `${at.url}/admin/clock`, { body: { advanceMs: 10_001 } });
    expect(await podsNamed(at, 'a')).toHaveLength(0);
  });

  it('billing lags', async () => {
    const at = await world();
    const pod = await at.pod('a');
    await at.fault({ at: 'billing', effect: 'lag', ms: 60_000 });
    const totals = async (): Promise<number> =>
      (await at.runpod('GET', `/v2/billing/pods?podId=${pod}`)).body.metadata.totals.totalAmount;
    expect(await totals()).toBe(0);
    expect(await totals()).toBeGreaterThan(0);
  });
});

describe('faults of the proxy', () => {
  it.each<[string, number, RegExp]>([
    ['bad-gateway', 502, /Bad gateway/],
    ['timeout-524', 524, /timeout/],
    ['start-page', 200, /nginx/],
  ])('%s answers HTML', async (effect, status, text) => {
    const at = await world();
    const pod = await at.pod('a');
    await at.fault({ at: 'proxy', effect });
    const answer = await at.toolkit(pod, 'GET', '/api/auth');
    expect([answer.status, answer.headers.get('content-type')]).toEqual([status, 'text/html']);
    expect(answer.text).toMatch(text);
  });

  it('413 above the limit of the body', async () => {
    const at = await world({ maxProxyBodyBytes: 1000 });
    const pod = await at.pod('a');
    const form = new FormData();
    form.append('files', new Blob([Buffer.alloc(5000)]), 'a.jpg');
    form.append('datasetName', 'x');
    expect((await at.toolkit(pod, 'POST', '/api/datasets/upload', form)).status).toBe(413);
  });

  it('cuts, slows and corrupts downloads', async () => {
    const at = await world();
    const pod = await at.pod('a');
    const job = await at.train(pod, 'job_download');
    await at.ended(pod, job);
    const [file] = (await at.toolkit(pod, 'GET', `/api/jobs/${job}/files`)).body.files;
    const url = `${at.url}/proxy/${pod}/8675/api/files/${encodeURIComponent(file.path)}`;
    const bytes = async (): Promise<Buffer> => Buffer.from(await (await fetch(url)).arrayBuffer());
    const whole = await bytes();
    expect(whole.length).toBe(file.size);

    await at.fault({ at: 'proxy', effect: 'truncate', bytes: 5000 });
    await expect(bytes()).rejects.toThrow();
    await at.fault({ at: 'proxy', effect: 'corrupt', bytes: 100 });
    expect((await bytes())[100]).not.toBe(whole[100]);
    await at.fault({ at: 'proxy', effect: 'slow', bytesPerSecond: file.size * 5 });
    const start = Date.now();
    await bytes();
    expect(Date.now() - start).toBeGreaterThan(150);
  });
});

describe('downloads of checkpoints', () => {
  it.each(['_000000020\\.safetensors', 'optimizer\\.pt'])('only %s is cut, once', async (path) => {
    const at = await world();
    const pod = await at.pod('a');
    const job = await at.train(pod, 'job_x');
    await at.ended(pod, job);
    await at.fault({ at: 'proxy', effect: 'truncate', match: { path }, bytes: 5000 });
    const outcomes: [string, string][] = [];
    for (const name of ['job_x_000000020.safetensors', 'optimizer.pt', 'job_x_000000020.safetensors', 'optimizer.pt'])
      outcomes.push([
        name,
        await at.download(pod, job, name).then(
          () => 'whole',
          () => 'cut',
        ),
      ]);
    const spoilt = outcomes.filter(([, outcome]) => outcome === 'cut');
    expect(spoilt.map(([name]) => new RegExp(path).test(name))).toEqual([true]);
  });
});

describe('faults of the hub', () => {
  const repo = 'tempera-demo/x';
  const oid = '0'.repeat(64);
  const asUser = { authorization: 'Bearer hf_emulated' };
  const ndjson = [
    { key: 'header', value: { summary: 'one' } },
    { key: 'file', value: { path: 'README.md', content: 'hi', encoding: 'utf8' } },
  ]
    .map((line) => JSON.stringify(line))
    .join('\n');

  it.each([
    ['whoami', 'GET', '/api/whoami-v2'],
    ['repos/create', 'POST', '/api/repos/create'],
    ['preupload', 'POST', `/api/models/${repo}/preupload/main`],
    ['lfs/batch', 'POST', `/${repo}.git/info/lfs/objects/batch`],
    ['lfs/object', 'PUT', `/lfs/object/${oid}`],
    ['lfs/part', 'PUT', `/lfs/part/${oid}/1`],
    ['lfs/complete', 'POST', `/lfs/complete/${oid}`],
    ['commit', 'POST', `/api/models/${repo}/commit/main`],
    ['tag', 'POST', `/api/models/${repo}/tag/v1`],
    ['paths-info', 'POST', `/api/models/${repo}/paths-info/main`],
    ['tree', 'GET', `/api/models/${repo}/tree/main`],
    ['resolve', 'HEAD', `/${repo}/resolve/main/README.md`],
  ])('503 at %s and nowhere else', async (route, method, path) => {
    const at = await world();
    await at.fault({ at: 'hub', effect: 'status', status: 503, match: { route: `^${route}$` } });
    const ask = async (name: string, url: string): Promise<number> =>
      (await at.request(name, `${at.url}/hub${url}`, { headers: asUser })).status;
    expect(await ask('GET', '/api/models')).toBe(200);
    expect(await ask(method, path)).toBe(503);
    expect(await ask(method, path)).not.toBe(503);
  });

  it.each(['commit-but-500', 'commit-but-reset'])('%s: the commit is there all the same', async (effect) => {
    const at = await world();
    await at.fault({ at: 'hub', effect });
    const headers = { ...asUser, 'content-type': 'application/json' };
    await at.request('POST', `${at.url}/hub/api/repos/create`, { headers, body: { type: 'model', name: 'x' } });
    const status = await at
      .request('POST', `${at.url}/hub/api/models/${repo}/commit/main`, { headers: asUser, body: ndjson })
      .then(
        (answer) => answer.status,
        () => 'reset',
      );
    expect(status).toBe(effect === 'commit-but-500' ? 500 : 'reset');
    expect((await at.book()).hubCommits).toMatchObject([{ repo, branch: 'main' }]);
    const raw = await at.request('GET', `${at.url}/hub/${repo}/raw/main/README.md`, { headers: asUser });
    expect(raw.text).toBe('hi');
  });

  it('a commit that is refused says so, whatever was to be hidden', async () => {
    const at = await world();
    await at.fault({ at: 'hub', effect: 'commit-but-500' });
    const answer = await at.request('POST', `${at.url}/hub/api/models/${repo}/commit/main`, {
      headers: asUser,
      body: ndjson,
    });
    expect(answer.status).toBe(404);
  });
});

describe('faults of the trainer', () => {
  it.each(['hang', 'zombie'])('%s while loading leaves the row at step 0', async (effect) => {
    const at = await world();
    await at.fault({ at: 'trainer', effect });
    const pod = await at.pod('a');
    const job = await at.train(pod, 'job_stuck');
    await until(async () => (await at.job(pod, job)).info === 'Loading model');
    await at.toolkit(pod, 'GET', `/api/jobs/${job}/stop`);
    expect(await at.job(pod, job)).toMatchObject({ step: 0, status: effect === 'hang' ? 'stopped' : 'running' });
  });

  it('hang at step 0 says Training and never takes a step', async () => {
    const at = await world({ delaysMs: { ...NO_DELAYS, step: 60_000 } });
    await at.fault({ at: 'trainer', effect: 'hang', step: 0 });
    const pod = await at.pod('a');
    const job = await at.train(pod, 'job_stuck');
    await until(async () => (await at.job(pod, job)).info === 'Training');
    await at.advance(120_000);
    // A step would have been noted before this answer comes: the trainer wakes up first.
    await at.runpod('GET', '/v2/pods');
    expect(await at.job(pod, job)).toMatchObject({ status: 'running', step: 0 });
    expect((await at.book()).trainings).toMatchObject([{ stepsTrained: 0, endedAtMs: null }]);
  });

  it('makes one training worse in several ways, and ends only one', async () => {
    const at = await world();
    await at.fault(
      { at: 'trainer', effect: 'exit', step: 15 },
      { at: 'trainer', effect: 'no-optimizer' },
      { at: 'trainer', effect: 'sigkill', step: 25 },
    );
    const pod = await at.pod('a');
    const job = await at.train(pod, 'job_x');
    expect((await at.ended(pod, job)).info).toContain('exit code 1');
    expect(await at.log(pod, job)).toContain('Could not save optimizer');
    await at.startJob(pod, job);
    expect((await at.ended(pod, job)).info).toContain('SIGKILL');
    expect(await at.log(pod, job)).toContain('Saved optimizer to');
    expect((await at.book()).trainings).toMatchObject([{ lastStep: 15 }, { lastStep: 25, optimizer: 'missing' }]);
  });

  it.each<[string, Omit<NewFault, 'at'>, string, RegExp]>([
    ['exit 1 while loading', { effect: 'exit' }, 'error', /^Job process terminated with exit code 1\.$/],
    ['exit 1', { effect: 'exit', step: 15 }, 'error', /^Job process terminated with exit code 1\.$/],
    ['SIGKILL', { effect: 'sigkill', step: 15 }, 'error', /^Job process terminated with signal SIGKILL\.$/],
    ['out of memory in a step', { effect: 'oom', step: 15 }, 'error', /OOM during training step 3 times in a row/],
    ['out of memory while loading', { effect: 'oom' }, 'error', /CUDA out of memory/],
    ['a locked database', { effect: 'db-lock', step: 15 }, 'error', /database is locked/],
  ])('%s', async (_, fault, status, info) => {
    const at = await world();
    await at.fault({ at: 'trainer', match: { jobName: '^job_x$' }, ...fault });
    const pod = await at.pod('a');
    const row = await at.ended(pod, await at.train(pod, 'job_x'));
    expect(row.status).toBe(status);
    expect(row.info).toMatch(info);
  });

  it.each(['hang', 'zombie'])('%s freezes the row as running at its step', async (effect) => {
    const at = await world();
    await at.fault({ at: 'trainer', effect, step: 15 });
    const pod = await at.pod('a');
    const job = await at.train(pod, 'job_frozen');
    await until(async () => (await at.job(pod, job)).step === 15);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await at.job(pod, job)).toMatchObject({ status: 'running', step: 15 });
    await at.toolkit(pod, 'GET', `/api/jobs/${job}/stop`);
    expect((await at.job(pod, job)).status).toBe(effect === 'hang' ? 'stopped' : 'running');
    await at.toolkit(pod, 'GET', `/api/jobs/${job}/mark_stopped`);
    expect((await at.job(pod, job)).status).toBe('stopped');
  });

  it.each(['corrupt-file', 'truncate-file'])('%s completes with a weights file that does not parse', async (effect) => {
    const at = await world();
    await at.fault({ at: 'trainer', effect });
    const pod = await at.pod('a');
    const job = await at.train(pod, 'job_spoilt');
    expect((await at.ended(pod, job)).status).toBe('completed');
    const [file] = (await at.toolkit(pod, 'GET', `/api/jobs/${job}/files`)).body.files;
    const response = await fetch(`${at.url}/proxy/${pod}/8675/api/files/${encodeURIComponent(file.path)}`);
    expect(parseWeights(Buffer.from(await response.arrayBuffer()))).toBe('broken');
  });

  it('resumes from the newest checkpoint after a failure', async () => {
    const at = await world();
    await at.fault({ at: 'trainer', effect: 'exit', step: 25 });
    const pod = await at.pod('a');
    const job = await at.train(pod, 'job_resume');
    expect((await at.ended(pod, job)).status).toBe('error');
    await at.toolkit(pod, 'GET', `/api/jobs/${job}/start`);
    await at.toolkit(pod, 'GET', '/api/queue/0/start');
    expect(await at.ended(pod, job)).toMatchObject({ status: 'completed', step: 30 });
    expect((await at.toolkit(pod, 'GET', `/api/jobs/${job}/log`)).body.log).toContain(
      'RESUMING FROM /app/ai-toolkit/output/job_resume/job_resume_000000020.safetensors',
    );
  });
});

describe('the emulated trainer refuses what the real one refuses', () => {
  it.each<[string, object, RegExp]>([
    [
      'a missing dataset folder',
      { datasets: [{ folder_path: '/app/ai-toolkit/datasets/none' }] },
      /No such file or directory: '\/app\/ai-toolkit\/datasets\/none'/,
    ],
    ['an unset variable', { trigger_word: '${NOT_SET}' }, /exit code 1/],
    ['a gated base model', { model: { name_or_path: 'black-forest-labs/FLUX.2-dev', arch: 'flux2' } }, /gated repo/],
  ])('%s', async (_, overrides, info) => {
    const at = await world({ gated: ['black-forest-labs/FLUX.2-dev'] });
    const pod = await at.pod('a');
    const row = await at.ended(pod, await at.train(pod, 'job_refused', overrides));
    expect(row.status).toBe('error');
    expect(row.info).toMatch(info);
  });

  it('writes valid weights, two per save for Wan 2.2 14B, and prunes old checkpoints', async () => {
    const at = await world();
    const pod = await at.pod('a');
    const job = await at.train(pod, 'job_wan', {
      model: { name_or_path: 'ai-toolkit/Wan2.2-T2V-A14B-Diffusers-bf16', arch: 'wan22_14b:t2v' },
      train: { steps: 60, lr: 1e-4 },
    });
    await at.ended(pod, job);
    const files = (await at.toolkit(pod, 'GET', `/api/jobs/${job}/files`)).body.files as {
      path: string;
      size: number;
    }[];
    const names = files.map(({ path }) => path.split('/').at(-1));
    expect(names).toEqual([
      ...[20, 30, 40, 50].flatMap((step) => [
        `job_wan_0000000${step}_high_noise.safetensors`,
        `job_wan_0000000${step}_low_noise.safetensors`,
      ]),
      'job_wan_high_noise.safetensors',
      'job_wan_low_noise.safetensors',
      'optimizer.pt',
    ]);
    const response = await fetch(`${at.url}/proxy/${pod}/8675/api/files/${encodeURIComponent(files[0]?.path ?? '')}`);
    expect(parseWeights(Buffer.from(await response.arrayBuffer()))).toMatchObject({
      training_info: '{"step":20,"epoch":0}',
      format: 'pt',
    });
  });

  it('completes a whole training when nothing takes time', async () => {
    const at = await world({ loraBytes: 65_536 });
    const pod = await at.pod('a');
    const row = await at.ended(
      pod,
      await at.train(pod, 'job_quick', {
        train: { steps: 3000, lr: 1e-4 },
        save: { dtype: 'bf16', save_every: 500 },
        sample: { sample_every: 1000, samples: [{ prompt: 'x' }] },
      }),
    );
    expect(row).toMatchObject({ status: 'completed', step: 3000 });
  });
});

function parseWeights(bytes: Buffer): 'broken' | Record<string, string> {
  try {
    const length = Number(bytes.readBigUInt64LE());
    const { __metadata__: metadata, ...tensors } = JSON.parse(bytes.toString('utf8', 8, 8 + length)) as {
      __metadata__: Record<string, string>;
    };
    const end = Math.max(
      ...Object.values(tensors as Record<string, { data_offsets: [number, number] }>).map(
        (tensor) => tensor.data_offsets[1],
      ),
    );
    return 8 + length + end === bytes.length ? metadata : 'broken';
  } catch {
    return 'broken';
  }
}
