/** The emulated RunPod against the vendor's OpenAPI document: every answer fits it, and what it forbids is refused. */
import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { podRequest, startCloud, until } from './world.ts';
import type { Answer, TestWorld } from './world.ts';

// OpenAPI document of RunPod REST v2, 2.9.0 (runpod/docs@a900806e, 2026-08-18), the paths that the emulator serves.
const contract = JSON.parse(
  readFileSync(new URL('../fixtures/contracts/runpod-rest-v2-openapi.json', import.meta.url), 'utf8'),
) as {
  paths: Record<
    string,
    Record<string, { responses: Record<string, { $ref?: string; content?: Record<string, { schema: object }> }> }>
  >;
  components: { responses: Record<string, { content: Record<string, { schema: object }> }> };
};
const { errors: knownErrors } = JSON.parse(
  readFileSync(new URL('../fixtures/contracts/runpod-errors.json', import.meta.url), 'utf8'),
) as {
  errors: { id: string; httpStatus: number; body: { detail: string } }[];
};

const ajv = new Ajv2020({ strict: false });
addFormats.default(ajv);
ajv.addFormat('float', true);
ajv.addFormat('double', true);
ajv.addSchema({ $id: 'contract', ...contract });

let cloud: Awaited<ReturnType<typeof startCloud>>;
let world: TestWorld;

beforeAll(async () => {
  cloud = await startCloud();
  world = await cloud.world('openapi');
});

afterAll(async () => cloud.close());

/** Sends a request and checks the answer against the document: status, content type, body. */
async function call(method: string, template: string, path: string, body?: unknown, at = world): Promise<Answer> {
  const answer = await at.runpod(method, path, body);
  expectDocumented(method, template, answer);
  return answer;
}

function expectDocumented(method: string, template: string, answer: Answer): void {
  const responses = contract.paths[template]?.[method.toLowerCase()]?.responses ?? {};
  // 402 and 413 are in the document's prose or in later revisions only; `default` has the error shape for them.
  const key = responses[answer.status] ? String(answer.status) : 'default';
  const entry = responses[key];
  expect(entry, `${method} ${template} documents no ${answer.status}`).toBeDefined();
  const response = entry?.$ref ? contract.components.responses[entry.$ref.split('/').at(-1) ?? ''] : entry;
  if (answer.status === 204) {
    expect(answer.text).toBe('');
    return;
  }
  const [[type, media] = ['', undefined]] = Object.entries(response?.content ?? {});
  expect(answer.headers.get('content-type')).toBe(type);
  const pointer = entry?.$ref
    ? `contract${entry.$ref}/content/${escape(type)}/schema`
    : `contract#/paths/${escape(template)}/${method.toLowerCase()}/responses/${key}/content/${escape(type)}/schema`;
  expect(media).toBeDefined();
  const validate = ajv.getSchema(pointer);
  expect(validate?.(answer.body), `${JSON.stringify(validate?.errors)} in ${answer.text}`).toBe(true);
}

function escape(part: string): string {
  return encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'));
}

function textOf(id: string): string {
  return knownErrors.find((error) => error.id === id)?.body.detail ?? '';
}

describe('every answer of the emulated RunPod API fits the OpenAPI document', () => {
  it('catalog of GPUs, with and without availability', async () => {
    const plain = await call('GET', '/v2/catalog/gpus', '/v2/catalog/gpus');
    expect(plain.body.gpus[0].availability).toBeUndefined();
    const full = await call(
      'GET',
      '/v2/catalog/gpus',
      '/v2/catalog/gpus?include=AVAILABILITY&product=POD&count=1&cloud=SECURE&minCudaVersion=13.0',
    );
    const rtx = full.body.gpus.find(({ id }: { id: string }) => id === 'NVIDIA GeForce RTX 4090');
    expect(rtx).toMatchObject({ memory: 24, availability: expect.stringMatching(/LOW|MEDIUM|HIGH/) });
    expect((await call('GET', '/v2/catalog/gpus/{id}', `/v2/catalog/gpus/${encodeURIComponent(rtx.id)}`)).body.id).toBe(
      rtx.id,
    );
    expect((await call('GET', '/v2/catalog/gpus/{id}', '/v2/catalog/gpus/none')).status).toBe(404);
    expect((await call('GET', '/v2/catalog/gpus', '/v2/catalog/gpus?include=AVAILABILITY')).status).toBe(400);
    await call('GET', '/v2/catalog/datacenters', '/v2/catalog/datacenters?include=GPU_AVAILABILITY&regions=EUROPE');
  });

  it('the life of a pod: created, listed, running, deleted, billed', async () => {
    const created = await call('POST', '/v2/pods', '/v2/pods', podRequest('life'));
    expect(created.status).toBe(201);
    expect(created.body).toMatchObject({
      status: 'PROVISIONING',
      actions: ['stop', 'terminate'],
      runtime: null,
      env: { AI_TOOLKIT_AUTH: 'secret' },
    });
    const { id } = created.body;
    await until(async () => (await call('GET', '/v2/pods/{id}', `/v2/pods/${id}`)).body.runtime?.ports?.length > 0);
    expect(
      (await call('GET', '/v2/pods', '/v2/pods?unknown=1')).body.pods.map((pod: { id: string }) => pod.id),
    ).toContain(id);
    expect((await call('PATCH', '/v2/pods/{id}', `/v2/pods/${id}`, { name: 'renamed' })).body.name).toBe('renamed');

    expect((await call('DELETE', '/v2/pods/{id}', `/v2/pods/${id}`)).status).toBe(204);

    const gone = await call('GET', '/v2/pods/{id}', `/v2/pods/${id}`);
    expect([gone.status, gone.body.detail]).toEqual([404, textOf('v2.notfound.pod')]);
    const billing = await call('GET', '/v2/billing/pods', `/v2/billing/pods?podId=${id}&bucketSize=hour`);
    expect(billing.body.records[0]).toMatchObject({ podId: id });
    expect(billing.body.metadata.totals.totalAmount).toBeGreaterThan(0);
    expect(
      (await call('GET', '/v2/billing/pods', '/v2/billing/pods?lastN=1&startTime=2026-01-01T00:00:00Z')).status,
    ).toBe(400);
  });

  it('actions: stop, start, restart, terminate; others conflict', async () => {
    const id = await world.pod('actions');
    const act = (action: string): Promise<Answer> =>
      call('POST', '/v2/pods/{id}/action', `/v2/pods/${id}/action`, { action });
    expect((await act('start')).status).toBe(409);
    expect((await act('reset')).status).toBe(422);
    expect((await act('stop')).body).toMatchObject({
      status: 'EXITED',
      cost: 0,
      runtime: null,
      actions: ['start', 'terminate'],
    });
    expect((await act('start')).status).toBe(200);
    await until(async () => (await world.runpod('GET', `/v2/pods/${id}`)).body.status === 'RUNNING');
    expect((await act('restart')).status).toBe(200);
    expect((await act('terminate')).status).toBe(204);
    expect((await act('stop')).status).toBe(404);
  });

  it('the template of AI Toolkit, and pods made from it', async () => {
    const template = await call('GET', '/v2/templates/{id}', '/v2/templates/0fqzfjy6f3');
    expect(template.body.image).toBe('ostris/aitoolkit:latest');
    const made = await call('POST', '/v2/pods', '/v2/pods', {
      name: 'from-template',
      templateId: '0fqzfjy6f3',
      gpu: { id: 'NVIDIA RTX A5000', count: 1 },
      env: { A: '1' },
    });
    expect(made.body).toMatchObject({
      image: 'ostris/aitoolkit:latest',
      ports: ['8675/http'],
      env: { A: '1' },
      template: null,
    });
    expect(
      (
        await call('POST', '/v2/pods', '/v2/pods', {
          name: 'x',
          templateId: 'none',
          gpu: { id: 'NVIDIA RTX A5000', count: 1 },
        })
      ).status,
    ).toBe(404);
  });

  it('logs as server-sent events with an id to resume from', async () => {
    const id = await world.pod('logs');
    const response = await fetch(`${world.url}/runpod/v2/pods/${id}/logs?source=system`, {
      headers: { authorization: 'Bearer emulated', 'user-agent': 't' },
    });
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    const reader = response.body?.getReader();
    const first = Buffer.from((await reader?.read())?.value ?? []).toString();
    await reader?.cancel();
    expect(first).toMatch(/^id: \S+\ndata: \{"ts":"[^"]+","source":"system","line":"create container/);
  });
});

describe('what the vendor refuses is refused', () => {
  const { image: _image, ...withoutImage } = podRequest('x');
  const { disk: _disk, ...withoutDisk } = podRequest('x');
  const gpu = { id: 'NVIDIA GeForce RTX 4090', count: 1 };
  it.each<[string, object, number, string | RegExp]>([
    ['an unknown field', { ...podRequest('x'), bogus: 1 }, 422, "$: additional properties 'bogus' not allowed"],
    ['a v1 field', { ...podRequest('x'), imageName: 'a' }, 422, "$: additional properties 'imageName' not allowed"],
    ['a missing image', withoutImage, 422, "$: missing property 'image'"],
    ['an empty name', podRequest(''), 422, /name/],
    ['a cloud that does not exist', { ...podRequest('x'), cloud: 'ALL' }, 422, /value must be one of/],
    ['a number in env', { ...podRequest('x'), env: { A: 1 } }, 422, /env/],
    ['no GPU and no CPU', { ...podRequest('x'), gpu: undefined }, 400, /exactly one/],
    [
      'both kinds of mounts',
      { ...podRequest('x'), mounts: { persistent: { size: 10, path: '/a' }, network: [] } },
      400,
      /exclude each other/,
    ],
    [
      'both CUDA fields',
      { ...podRequest('x'), gpu: { ...gpu, allowedCudaVersions: ['12.8'], minCudaVersion: '12.8' } },
      400,
      /exclude each other/,
    ],
    ['no disk', withoutDisk, 400, textOf('v2.badconfig')],
    ['no GPU count', { ...podRequest('x'), gpu: { id: gpu.id } }, 400, textOf('v2.nocapacity')],
    ['an unknown GPU', { ...podRequest('x'), gpu: { id: 'NVIDIA None', count: 1 } }, 400, textOf('v2.nocapacity')],
    [
      'a data center without that GPU',
      { ...podRequest('x'), dataCenterIds: ['XX-XX-1'] },
      400,
      textOf('v2.nocapacity'),
    ],
    [
      'a CUDA version of the future',
      { ...podRequest('x'), gpu: { ...gpu, minCudaVersion: '14.0' } },
      400,
      textOf('v2.nocapacity'),
    ],
    ['a huge body', { ...podRequest('x'), env: { A: 'x'.repeat(110_000) } }, 413, /102400/],
  ])('%s', async (_, body, status, text) => {
    const answer = await call('POST', '/v2/pods', '/v2/pods', body);
    expect(answer.status).toBe(status);
    const said = [answer.body.detail, ...(answer.body.errors ?? [])].join('\n');
    if (typeof text === 'string') expect(said).toContain(text);
    else expect(said).toMatch(text);
  });

  it('an unknown key, without RateLimit headers', async () => {
    const limited = await cloud.world('keys', { rateLimit: [{ name: 'minute', quota: 60, windowSec: 60 }] });
    const answer = await limited.request('GET', `${limited.url}/runpod/v2/pods`, {
      headers: { authorization: 'Bearer wrong' },
    });
    expectDocumented('GET', '/v2/pods', answer);
    expect([answer.status, answer.body.detail, answer.headers.get('ratelimit')]).toEqual([
      401,
      textOf('v2.unauthorized'),
      null,
    ]);
  });

  it('unknown paths and methods', async () => {
    expect((await world.runpod('GET', '/v2/networkvolumes')).status).toBe(404);
    const answer = await world.runpod('DELETE', '/v2/pods');
    expect([answer.status, answer.headers.get('allow'), answer.body.detail]).toEqual([
      405,
      'GET, POST',
      textOf('v2.method'),
    ]);
  });

  it('the request above the quota, with Retry-After, until the window is over', async () => {
    const limited = await cloud.world('quota', {
      rateLimit: [
        { name: 'minute', quota: 3, windowSec: 60 },
        { name: 'hour', quota: 100, windowSec: 3600 },
      ],
    });
    const first = await call('GET', '/v2/pods', '/v2/pods', undefined, limited);
    expect(first.headers.get('ratelimit')).toBe('"minute";r=2;t=60, "hour";r=99;t=3600');
    expect(first.headers.get('ratelimit-policy')).toBe('"minute";q=3;w=60, "hour";q=100;w=3600');
    await limited.runpod('GET', '/v2/pods');
    await limited.runpod('GET', '/v2/pods');

    const refused = await call('GET', '/v2/pods', '/v2/pods', undefined, limited);

    expect([refused.status, refused.body.detail]).toEqual([429, textOf('v2.ratelimit')]);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(50);
    await limited.request('POST', `${limited.url}/admin/clock`, { body: { advanceMs: 61_000 } });
    expect((await limited.runpod('GET', '/v2/pods')).status).toBe(200);
  });
});
