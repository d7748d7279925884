/** The emulated AI Toolkit answers what the real server answered, value by value, in the order of the recording. */
import { readFileSync } from 'node:fs';
import http from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCloud, until } from './world.ts';
import type { Json, TestWorld } from './world.ts';

// Recorded on 2026-11-21 from the unmodified UI server of ostris/ai-toolkit@27a03a91 (version 0.12.26).
interface Exchange {
  name: string;
  request: { method: string; path: string; auth?: string | null; headers?: Record<string, string>; body?: unknown };
  response: { status: number; headers: Record<string, string>; body: Json };
}

interface Recordings {
  token: string;
  exchanges: Exchange[];
  jobRowOverTime: { rows: { status: string; info: string; step: number }[] };
}

const { token, exchanges, jobRowOverTime } = JSON.parse(
  readFileSync(new URL('../fixtures/contracts/ai-toolkit-recordings.json', import.meta.url), 'utf8'),
) as Recordings;

interface Reply {
  status: number;
  headers: http.IncomingHttpHeaders;
  bytes: Buffer;
}

let cloud: Awaited<ReturnType<typeof startCloud>>;
let world: TestWorld;
let podId: string;
const rows: { status: string; info: string; step: number }[] = [];
/** Recorded id -> id in this run. */
const ids = new Map<string, string>([['00000000-0000-4000-8000-000000000002', '00000000-0000-4000-8000-000000000002']]);
/** Sizes change, so do the ranges that were asked. */
const STEP_MS = 60_000;
const recordedFinalSize = 4226;
let finalSize = 0;
let checkpointSize = 0;
let wholeLog = Buffer.alloc(0);

beforeAll(async () => {
  cloud = await startCloud();
  world = await cloud.world('recordings', {
    loraBytes: 20_000,
    optimizerBytes: 2048,
    delaysMs: {
      provisioning: 0,
      starting: 0,
      ports: 0,
      app: 0,
      workerTick: 20,
      modelLoad: 20,
      datasetLoad: 20,
      step: STEP_MS,
      save: 0,
      sample: 0,
    },
  });
  const created = await world.runpod('POST', '/v2/pods', {
    name: 'recordings',
    image: 'ostris/aitoolkit:0.12.26',
    gpu: { id: 'NVIDIA GeForce RTX 4090', count: 1 },
    disk: 20,
    ports: ['8675/http'],
    env: { AI_TOOLKIT_AUTH: token },
  });
  podId = created.body.id;
  await until(async () => (await send('GET', '/api/auth')).status === 200);
});

afterAll(async () => cloud.close());

async function send(
  method: string,
  path: string,
  options: { auth?: string | null; headers?: Record<string, string>; body?: unknown } = {},
): Promise<Reply> {
  const auth = options.auth === undefined ? `Bearer ${token}` : options.auth;
  const headers: Record<string, string> = { ...options.headers, ...(auth !== null && { authorization: auth }) };
  let payload: Buffer | undefined;
  const multipart = (options.body as { multipart?: MultipartPart[] } | undefined)?.multipart;
  if (multipart !== undefined) {
    const request = new Request('http://localhost', { method: 'POST', body: formOf(multipart) });
    headers['content-type'] = request.headers.get('content-type') ?? '';
    payload = Buffer.from(await request.arrayBuffer());
  } else if (options.body !== undefined)
    payload = Buffer.from(typeof options.body === 'string' ? options.body : JSON.stringify(options.body));

  // node:http, because fetch would follow its own ideas about paths, ranges and too short bodies.
  return new Promise((resolve, reject) => {
    const target = new URL(world.url);
    const request = http.request(
      {
        host: target.hostname,
        port: target.port,
        method,
        path: `${target.pathname}/proxy/${podId}/8675${path}`,
        headers: { ...headers, ...(payload && { 'content-length': payload.length }) },
      },
      (response) => {
        const chunks: Buffer[] = [];
        const done = (): void =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, bytes: Buffer.concat(chunks) });
        let idle = setTimeout(() => response.destroy(), 300);
        response.on('data', (chunk: Buffer) => {
          chunks.push(chunk);
          clearTimeout(idle);
          idle = setTimeout(() => response.destroy(), 300);
        });
        response.on('close', () => {
          clearTimeout(idle);
          done();
        });
        response.on('error', done);
      },
    );
    request.on('error', reject);
    request.end(payload);
  });
}

interface MultipartPart {
  name: string;
  filename?: string;
  value?: string;
  bytes?: number;
}

function formOf(parts: MultipartPart[]): FormData {
  const form = new FormData();
  for (const part of parts) {
    if (part.filename === undefined) form.append(part.name, part.value ?? '');
    else form.append(part.name, new Blob([contentOf(part)]), part.filename);
  }
  return form;
}

function contentOf(part: MultipartPart): Uint8Array<ArrayBuffer> {
  if (part.filename?.endsWith('.txt')) return Uint8Array.from(Buffer.from('a photo of ohwx'));
  if (part.filename?.endsWith('.safetensors')) {
    const json = JSON.stringify({
      __metadata__: { training_info: JSON.stringify({ step: 20, epoch: 0 }), format: 'pt' },
    });
    const header = Buffer.from(json.padEnd((part.bytes ?? 0) - 8, ' '));
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(header.length));
    return Uint8Array.from(Buffer.concat([length, header]));
  }
  return new Uint8Array(part.bytes ?? 0);
}

/** What the recorder waited for before an exchange; the recording itself has no clock. */
const waits: Record<string, () => Promise<void>> = {
  'gpu without nvidia-smi': () => world.configure({ nvidiaSmi: 'absent' }),
  'queue: has switched itself off': queueIsOff,
  'jobs: files while running': () => stepUntil(async () => (await followA()).step >= 13),
  'jobs: files after save_now': () =>
    stepUntil(async () => (await filesOfA()) === 3 && (await followA()).info === 'Training'),
  'jobs: stop answers the old row': async () => {
    await stepUntil(async () => (await followA()).step >= 18);
    // The recorded worker did not look at its queue again before it was started anew.
    await world.configure({ delaysMs: { workerTick: STEP_MS } });
  },
  'jobs: stopped, step back at the last save': () => until(async () => (await followA()).step < 18),
  'jobs: completed': async () => {
    await world.configure({ delaysMs: { workerTick: 20 } });
    await stepUntil(async () => (await followA()).status === 'completed');
  },
  'jobs: after a trainer error': () => startAndWait('00000000-0000-4000-8000-000000000003', 'error'),
  'jobs: stop of a queued job': async () => {
    await send('GET', `/api/jobs/${ids.get('00000000-0000-4000-8000-000000000004') ?? ''}/start`);
  },
  'restore: log shows the resume': () => startAndWait('00000000-0000-4000-8000-000000000005', 'completed'),
};

/** Lets the emulated trainer make one step at a time, so that no machine is too slow to look in between. */
async function stepUntil(condition: () => Promise<boolean>): Promise<void> {
  await until(async () => {
    if (await condition()) return true;
    await world.request('POST', `${world.url}/admin/clock`, { body: { advanceMs: STEP_MS } });
    return false;
  });
}

function queueIsOff(): Promise<void> {
  return until(async () => !(await json('/api/queue')).queues[0].is_running);
}

async function filesOfA(): Promise<number> {
  return (await json(`/api/jobs/${jobA()}/files`)).files.length;
}

function jobA(): string {
  return ids.get('00000000-0000-4000-8000-000000000001') ?? '';
}

async function followA(): Promise<{ status: string; info: string; step: number }> {
  const row = await json(`/api/jobs?id=${jobA()}`);
  rows.push({ status: row.status, info: row.info, step: row.step });
  return row;
}

async function json(path: string): Promise<Json> {
  return JSON.parse((await send('GET', path)).bytes.toString());
}

async function startAndWait(recordedId: string, status: string): Promise<void> {
  const id = ids.get(recordedId) ?? '';
  if (status === 'error')
    await world.fault({
      at: 'trainer',
      effect: 'oom',
      detail: 'OOM during training step 3 times in a row, aborting training',
    });
  await send('GET', `/api/jobs/${id}/start`);
  await send('GET', '/api/queue/0/start');
  await stepUntil(async () => (await json(`/api/jobs?id=${id}`)).status === status);
  // The worker notes the exit after the trainer wrote its row, then the queue runs dry.
  await queueIsOff();
}

function translate(text: string): string {
  let out = text;
  for (const [recorded, real] of ids) out = out.replaceAll(recorded, real);
  return out.replace('offset=893', `offset=${wholeLog.length - 10}`);
}

/** The recording's stand-in trainer made samples unasked; here the config asks for one every ten steps. */
function withSamples(body: Json): unknown {
  if (body?.job_config !== undefined) configWithSamples(body.job_config);
  return body;
}

function configWithSamples(config: Json): Json {
  const process = config.config?.process?.[0];
  if (process !== undefined)
    Object.assign(process, {
      sample: { sample_every: 10, samples: [{ prompt: 'ohwx' }] },
      train: { ...process.train, skip_first_sample: true },
    });
  return config;
}

function rangeOf(headers: Record<string, string> | undefined): Record<string, string> {
  const { range, ...rest } = headers ?? {};
  if (range === undefined) return rest;
  const moved = range.replace('4216', String(finalSize - 10)).replace('5225', String(finalSize + 999));
  return { ...rest, range: moved };
}

const isoTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** What a recorded value must be in this run. By its kind is compared only what no two runs have in common: ids, times, pids, losses. */
function wanted(recorded: Json, key = ''): unknown {
  if (Array.isArray(recorded)) return recorded.map((value) => wanted(value, key));
  if (typeof recorded === 'object' && recorded !== null)
    return Object.fromEntries(Object.entries(recorded).map(([name, value]) => [name, wanted(value, name)]));
  switch (key) {
    case 'created_at':
    case 'updated_at':
      return expect.stringMatching(isoTime);
    case 'job_config':
      return JSON.stringify(configWithSamples(JSON.parse(translate(recorded))));
    case 'speed_string':
      return recorded === '' ? '' : expect.stringMatching(/^\d+\.\d\d (iter\/sec|sec\/iter)$/);
    case 'samples':
      return expect.stringMatching(new RegExp(`^${recorded.replace(/\d{13}/, '\\d{13}').replace('.', '\\.')}$`));
    case 'size':
      return { 4224: checkpointSize, 4226: finalSize }[recorded as number] ?? recorded;
    case 'pid':
      return recorded === null ? null : expect.any(Number);
    case 'wall_time':
    case 'value':
      return expect.any(Number);
    default:
      return typeof recorded === 'string' ? translate(recorded) : recorded;
  }
}

/** Differences that the recording has from the trainer's source, or that its machine had. */
function corrected(name: string, recorded: Json): Json {
  // The recording's stand-in trainer wrote the loss of its first step, the trainer's own loop does not.
  if (name === 'jobs: loss')
    return { ...recorded, points: recorded.points.map((point: Json) => ({ ...point, step: point.step + 1 })) };
  // Emulated samples are copies of the photos.
  if (name === 'jobs: samples') return JSON.parse(JSON.stringify(recorded).replace('.jpg', '.png'));
  // One queue had been made and removed before.
  if (name.startsWith('queue: ')) return JSON.parse(JSON.stringify(recorded).replace('"id":2', '"id":1'));
  return recorded;
}

describe('every recorded exchange of AI Toolkit, in order', () => {
  it.each(exchanges.map((exchange) => [exchange.name, exchange] as const))('%s', async (name, exchange) => {
    await waits[name]?.();
    const { request, response } = exchange;
    const path = translate(request.path);
    const body =
      request.body === undefined ? undefined : withSamples(JSON.parse(translate(JSON.stringify(request.body))));

    const reply = await send(request.method, path, {
      ...(request.auth !== undefined && { auth: request.auth }),
      ...(body !== undefined && { body }),
      headers: rangeOf(request.headers),
    });

    expect(reply.status).toBe(response.status);
    expectHeaders(reply, response.headers);
    await expectBody(exchange, reply);
  });

  it('is counted by the page that tells of them', () => {
    const page = readFileSync(new URL('../../emulator/README.md', import.meta.url), 'utf8');
    expect(page).toContain(`| ${exchanges.length} exchanges recorded from ostris/ai-toolkit@27a03a91`);
  });

  it('walks through the recorded states of the row', () => {
    const seen = new Set(rows.map(({ status, info }) => `${status}: ${info}`));
    const recorded = jobRowOverTime.rows.map(({ status, info }) => `${status}: ${info}`);
    for (const state of ['running: Training', 'stopped: Job stopped', 'completed: Training completed']) {
      expect(recorded).toContain(state);
      expect(seen).toContain(state);
    }
    for (const state of seen)
      expect([
        ...recorded,
        'running: Generating images - 0/1',
        'running: Generating images - 1/1',
        'running: Saving model',
      ]).toContain(state);
  });
});

function expectHeaders(reply: Reply, recorded: Record<string, string>): void {
  for (const [name, value] of Object.entries(recorded)) {
    const real = reply.headers[name];
    if (name === 'content-length') expect(Number(real)).toBe(sized(Number(value)));
    else if (name === 'content-range')
      expect(real).toBe(value.replaceAll(/\d+/g, (number) => String(sized(Number(number)))));
    else if (name === 'etag') expect(real).toMatch(/^W\/"[\w.]+-[\w.]+"$|^W\/".+"$/);
    else expect({ [name]: real }).toEqual({ [name]: value });
  }
}

/** A number of the recorded final file, moved to the size that the emulator's file has. */
function sized(recorded: number): number {
  const moved: Record<number, number> = {
    4226: finalSize,
    4225: finalSize - 1,
    4216: finalSize - 10,
    5226: finalSize + 1000,
    5225: finalSize + 999,
  };
  return moved[recorded] ?? recorded;
}

async function expectBody({ name, request, response }: Exchange, reply: Reply): Promise<void> {
  const recorded = response.body;
  const text = reply.bytes.toString();
  if (recorded?.html !== undefined) {
    expect(text).toMatch(/^<!DOCTYPE html>/);
    expect(reply.bytes.length / recorded.bytesAbout).toBeCloseTo(1, 0);
  } else if (recorded?.sha256 !== undefined) {
    const [start = 0, last = Infinity] = (rangeOf(request.headers)['range']?.match(/\d+/g) ?? []).map(Number);
    const file = await cloud.onDisk('recordings', podId, decodeURIComponent(request.path.split('/').at(-1) ?? ''));
    expect(reply.bytes.equals(file.subarray(start, last + 1))).toBe(true);
    expect(reply.bytes.length).toBe(recorded.bytes === recordedFinalSize ? finalSize : recorded.bytes);
  } else if (typeof recorded === 'string') expect(text).toBe(recorded);
  else if (typeof recorded?.log === 'string') expectLog(JSON.parse(text), recorded);
  else {
    const body = JSON.parse(text);
    learn(body, recorded);
    expectMovement(body, recorded);
    // Folders come in the order of the disk.
    if (name === 'datasets: list') expect(body.toSorted()).toEqual(recorded.toSorted());
    else expect(body).toEqual(wanted(corrected(name, recorded)));
  }
}

const tellingLines = /^(Saving at step |#### IMPORTANT |Error running job: |RuntimeError: |Job process )/;

/** The text itself is the stand-in trainer's; the lines that somebody looks for are the same, and the offset is that of the bytes. */
function expectLog(body: Json, recorded: Json): void {
  const telling = (log: string): string[] =>
    log
      .split(/[\r\n]/)
      .map((line) => line.replace(/ ####$/, '').trim())
      .filter((line) => tellingLines.test(line) && !line.includes('^'));
  expect(Object.keys(body)).toEqual(Object.keys(recorded));
  expect(body.reset).toBe(recorded.reset);
  if (body.reset) {
    wholeLog = Buffer.from(body.log);
    expect(telling(body.log)).toEqual(telling(recorded.log));
    expect(body.log.includes('\r')).toBe(recorded.log.includes('\r'));
  } else expect(body.log).toBe(wholeLog.subarray(-recorded.log.length).toString());
  expect(body.offset).toBe(wholeLog.length);
}

/** By recorded id, when a row said last that it had changed: there and here. */
const updates = new Map<string, { recorded: string; real: string }>();

/** A time itself cannot be compared, but whether it has moved since the row was seen last can. */
function expectMovement(body: Json, recorded: Json): void {
  if (typeof recorded?.updated_at !== 'string') return;
  const before = updates.get(recorded.id);
  if (before?.recorded === recorded.updated_at) expect(body.updated_at).toBe(before?.real);
  else expect(Date.parse(body.updated_at)).toBeGreaterThanOrEqual(Date.parse(before?.real ?? body.created_at));
  updates.set(recorded.id, { recorded: recorded.updated_at, real: body.updated_at });
}

/** Ids and sizes that later requests need. */
function learn(body: Json, recorded: Json): void {
  if (typeof recorded?.id === 'string' && !ids.has(recorded.id)) ids.set(recorded.id, body.id);
  if (recorded?.files?.[0]?.path?.endsWith('lora_rec_a.safetensors')) finalSize = body.files[0].size;
  checkpointSize ||= body?.files?.[0]?.size ?? 0;
}
