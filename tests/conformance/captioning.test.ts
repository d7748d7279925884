/** Our captioner against the emulated vision service, over real HTTP. */
import { setTimeout as sleep } from 'node:timers/promises';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createOpenAiCaptioner } from '../../providers/captioning/openai.ts';
import type { OpenAiCaptionerOptions } from '../../providers/captioning/openai.ts';
import { createCaptioner } from '../../providers/captioning/registry.ts';
import { startCloud, until } from './world.ts';
import type { Answer, TestWorld } from './world.ts';

const CALL = 'POST vision chat/completions';
const SECRET = 'a-key-that-nobody-may-see';

let cloud: Awaited<ReturnType<typeof startCloud>>;
let jpeg: Uint8Array;
let count = 0;

beforeAll(async () => {
  cloud = await startCloud();
  jpeg = await sharp({
    create: { width: 64, height: 48, channels: 3, background: '#884422', noise: { type: 'gaussian', sigma: 40 } },
  })
    .jpeg()
    .toBuffer();
});
afterAll(() => cloud.close());

function newWorld(): Promise<TestWorld> {
  count += 1;
  return cloud.world(`captioning-${count}`);
}

function captionerOf(world: TestWorld, options: Partial<OpenAiCaptionerOptions> = {}) {
  return createOpenAiCaptioner({
    baseUrl: `${world.url}/vision/v1`,
    apiKey: 'emulated',
    model: 'see-3',
    pauseMs: 1,
    ...options,
  });
}

async function calls(world: TestWorld): Promise<number> {
  return (await world.book()).requests[CALL] ?? 0;
}

describe('a description', () => {
  test('comes from the service that the settings name, the same for the same photo', async () => {
    const world = await newWorld();
    const captions = { baseUrl: `${world.url}/vision/v1`, model: 'see-3', apiKey: 'emulated' };
    const captioner = createCaptioner({ captions });

    const first = await captioner?.describe({ jpeg });
    const second = await captioner?.describe({ jpeg });

    expect(first).toEqual({ status: 'described', text: expect.stringMatching(/^wearing .+, .+ in the background, /) });
    expect(second).toEqual(first);
    expect(captioner?.name).toMatch(/^see-3, instructions [0-9a-f]{8}$/);
    expect(createCaptioner({ captions: undefined })).toBeNull();
  });

  test('is cut when the model does not stop', async () => {
    const world = await newWorld();
    await world.fault({ at: 'vision', effect: 'too-long' });

    const reply = await captionerOf(world).describe({ jpeg });

    expect(reply.status).toBe('described');
    expect(reply.status === 'described' && reply.text.length).toBeLessThanOrEqual(900);
  });

  test.each(['apology', 'empty'])('is refused when the model answers with %s, without asking again', async (effect) => {
    const world = await newWorld();
    await world.fault({ at: 'vision', effect });

    expect((await captionerOf(world).describe({ jpeg })).status).toBe('failed');
    expect(await calls(world)).toBe(1);
  });
});

describe('a service in trouble', () => {
  test('is asked again after the pause that it names', async () => {
    const world = await newWorld();
    await world.fault({ at: 'vision', effect: 'rate-limited', retryAfterSec: 1 });
    const began = performance.now();

    const reply = await captionerOf(world).describe({ jpeg });

    expect(reply.status).toBe('described');
    expect(performance.now() - began).toBeGreaterThan(990);
    expect(await calls(world)).toBe(2);
  });

  test('is left alone by every photo during that pause', async () => {
    const world = await newWorld();
    await world.fault({ at: 'vision', effect: 'rate-limited', retryAfterSec: 1 });
    const captioner = captionerOf(world);
    const first = captioner.describe({ jpeg });
    await until(async () => (await calls(world)) === 1);
    await sleep(100);

    const second = captioner.describe({ jpeg });
    await sleep(200);

    expect(await calls(world)).toBe(1);
    expect([(await first).status, (await second).status]).toEqual(['described', 'described']);
  });

  test('is not waited for when the pause is longer than a minute', async () => {
    const world = await newWorld();
    await world.fault({ at: 'vision', effect: 'rate-limited', retryAfterSec: 61 });

    expect(await captionerOf(world).describe({ jpeg })).toEqual({
      status: 'failed',
      message: 'The caption service asked us to slow down',
    });
    expect(await calls(world)).toBe(1);
  });

  test.each(['server-error', 'unreadable', 'reset'])('is asked again after %s', async (effect) => {
    const world = await newWorld();
    await world.fault({ at: 'vision', effect, times: 3 });

    expect((await captionerOf(world).describe({ jpeg })).status).toBe('described');
    expect(await calls(world)).toBe(4);
  });

  test('is given up after four tries', async () => {
    const world = await newWorld();
    await world.fault({ at: 'vision', effect: 'server-error', times: 0 });

    expect(await captionerOf(world).describe({ jpeg })).toEqual({
      status: 'failed',
      message: 'The caption service answered HTTP 500',
    });
    expect(await calls(world)).toBe(4);
  });

  test('that hangs is given up after one time limit', async () => {
    const world = await newWorld();
    await world.fault({ at: 'vision', effect: 'hang', times: 0 });

    expect(await captionerOf(world, { timeoutMs: 150 }).describe({ jpeg })).toEqual({
      status: 'failed',
      message: 'The caption service gave no answer within 150 ms',
    });
    expect(await calls(world)).toBe(1);
  });

  test('rests after four photos in a row, and is asked again later', async () => {
    const world = await newWorld();
    await world.fault({ at: 'vision', effect: 'invalid', times: 4 });
    const captioner = captionerOf(world, { restMs: 300 });
    for (let n = 0; n < 4; n += 1) await captioner.describe({ jpeg });

    const resting = await captioner.describe({ jpeg });
    const callsSoFar = await calls(world);
    await sleep(320);

    expect(resting).toEqual({
      status: 'failed',
      message: 'The caption service failed for 4 photos in a row',
    });
    expect(callsSoFar).toBe(4);
    expect((await captioner.describe({ jpeg })).status).toBe('described');
  });

  test('that cannot be reached is a failed description', async () => {
    const captioner = createOpenAiCaptioner({ baseUrl: 'http://127.0.0.1:1/v1', model: 'see-3', pauseMs: 1 });

    expect(await captioner.describe({ jpeg })).toEqual({
      status: 'failed',
      message: expect.stringMatching(/^The caption service could not be reached/),
    });
  });
});

describe('an abort', () => {
  test('ends the calls and who waits for one, two at a time', async () => {
    const world = await newWorld();
    await world.fault({ at: 'vision', effect: 'hang', times: 0 });
    const captioner = captionerOf(world);
    const abort = new AbortController();
    const all = Array.from({ length: 4 }, () => captioner.describe({ jpeg, signal: abort.signal }));
    const settled = Promise.allSettled(all);
    await until(async () => (await calls(world)) === 2);
    await sleep(100);

    abort.abort(new Error('the step was cancelled'));
    const reasons = (await settled).map((result) => (result.status === 'rejected' ? String(result.reason) : 'none'));

    expect(reasons).toEqual(Array.from({ length: 4 }, () => 'Error: the step was cancelled'));
    expect(await calls(world)).toBe(2);
  });

  test('ends a pause', async () => {
    const world = await newWorld();
    await world.fault({ at: 'vision', effect: 'rate-limited', retryAfterSec: 50 });
    const abort = new AbortController();
    const description = captionerOf(world).describe({ jpeg, signal: abort.signal });
    await until(async () => (await calls(world)) === 1);
    await sleep(50);

    abort.abort(new Error('the step was cancelled'));

    await expect(description).rejects.toThrow('the step was cancelled');
    // Well below the 50 s of the pause.
  }, 20_000);
});

describe('what must stay private', () => {
  const picture = () => Buffer.from(jpeg).toString('base64');

  test.each<[string, { effect?: string; echoes?: true; times?: number }]>([
    ['a wrong key', {}],
    ['a refusal that repeats the request', { effect: 'invalid', echoes: true }],
    ['another refusal that repeats the request', { effect: 'forbidden', echoes: true }],
    ['an outage that repeats the request', { effect: 'server-error', echoes: true, times: 0 }],
    ['a hanging service', { effect: 'hang' }],
    ['a broken connection', { effect: 'reset', times: 0 }],
    ['a broken answer', { effect: 'unreadable', times: 0 }],
  ])('is in no message: %s', async (_, { effect, echoes, ...fault }) => {
    const world = await newWorld();
    const detail = `bad call with ${SECRET} and sk-abcd****wxyz and data:image/jpeg;base64,${picture()} ${picture().slice(9)}`;
    if (effect) await world.fault({ at: 'vision', effect, ...fault, ...(echoes && { detail }) });

    const reply = await captionerOf(world, { apiKey: SECRET, timeoutMs: 500 }).describe({ jpeg });

    const text = JSON.stringify(reply);
    expect(reply.status).toBe('failed');
    expect(text).not.toContain(SECRET.slice(0, 8));
    expect(text).not.toContain('wxyz');
    expect(text).not.toContain(picture().slice(20, 40));
    if (effect === 'invalid') expect(text).toContain('bad call with [key] and [key] and [picture]');
  });
});

describe('the emulated service', () => {
  const ask = (world: TestWorld, body: unknown, key = 'emulated'): Promise<Answer> =>
    world.request('POST', `${world.url}/vision/v1/chat/completions`, {
      body,
      headers: { authorization: `Bearer ${key}` },
    });
  const body = (url: string) => ({
    model: 'see-3',
    messages: [
      {
        role: 'user',
        content: [
          { type: 'text', text: 'what?' },
          { type: 'image_url', image_url: { url } },
        ],
      },
    ],
  });
  const good = () => body(`data:image/jpeg;base64,${Buffer.from(jpeg).toString('base64')}`);

  test('answers like a chat completion', async () => {
    const { status, body: answer } = await ask(await newWorld(), good());

    expect(status).toBe(200);
    expect(answer).toMatchObject({
      id: expect.stringMatching(/^chatcmpl-/),
      object: 'chat.completion',
      model: 'see-3',
      choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', refusal: null } }],
    });
  });

  test('says so when the answer had to end early', async () => {
    const { body: answer } = await ask(await newWorld(), { ...good(), max_tokens: 3 });

    expect(answer.choices[0].finish_reason).toBe('length');
    expect(answer.choices[0].message.content.split(' ')).toHaveLength(3);
  });

  test('refuses a wrong key as the vendor does', async () => {
    const { status, body: answer } = await ask(await newWorld(), good(), 'sk-abcdefghijklmnop');

    expect([status, answer.error.code]).toEqual([401, 'invalid_api_key']);
  });

  test.each([
    ['no model', () => ({ messages: good().messages })],
    ['no messages', () => ({ model: 'see-3' })],
    ['an unknown field', () => ({ ...good(), top_k: 3 })],
    ['a temperature out of range', () => ({ ...good(), temperature: 3 })],
    ['max_tokens of no use', () => ({ ...good(), max_tokens: 0 })],
    ['a picture in a system message', () => ({ ...good(), messages: [{ ...good().messages[0], role: 'system' }] })],
    [
      'a picture that is a text',
      () => ({ ...good(), messages: [{ role: 'user', content: [{ type: 'image_url', image_url: 'x' }] }] }),
    ],
    ['no data URL', () => body('https://example.com/a.jpg')],
    ['base64 that is none', () => body('data:image/jpeg;base64,*')],
    ['a PNG', () => body('data:image/png;base64,iVBORw0KGgo=')],
    ['bytes that are no JPEG', () => body('data:image/jpeg;base64,aGVsbG8gd29ybGQh')],
    [
      'half a JPEG',
      () => body(`data:image/jpeg;base64,${Buffer.from(jpeg.subarray(0, jpeg.length / 2)).toString('base64')}`),
    ],
  ])('refuses %s', async (_, request) => {
    const { status, body: answer } = await ask(await newWorld(), request());

    expect([status, answer.error.type]).toEqual([400, 'invalid_request_error']);
  });
});
