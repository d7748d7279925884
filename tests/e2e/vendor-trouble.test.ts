/** What people are told when RunPod cannot be asked: by a quote, and at the start of the local stack. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '../../dev/ports.ts';
import { runpodAnswer } from '../../dev/runpod-answer.ts';
import { createRunpodCompute } from '../../providers/compute/runpod/compute.ts';
import { createWorld } from '../support/world.ts';
import type { World } from '../support/world.ts';
import { client, startApi } from './api-harness.ts';
import type { ApiHarness } from './api-harness.ts';

let world: World;
let api: ApiHarness;
let deadUrl: string;
beforeAll(async () => {
  world = createWorld();
  api = await startApi();
  deadUrl = `http://127.0.0.1:${await freePort()}`;
});
afterAll(() => api.close());

describe('a quote without prices says why', () => {
  async function refusal(access: { apiKey: string; apiUrl: string } | null) {
    const compute = access && createRunpodCompute({ ...access, proxyTemplate: world.proxyTemplate });
    const app = api.build({ prices: compute ? (signal) => compute.catalog(signal) : undefined });
    const { key } = await api.newUser();
    const answer = await client(app, key).post('/v1/quotes', { baseModel: 'flux', photoCount: 12 });
    await app.close();
    return { status: answer.status, code: answer.body.code, message: answer.body.message };
  }

  test('the key is refused', async () => {
    const answer = await refusal({ apiKey: 'rpa_wrong', apiUrl: world.runpodUrl });

    expect(answer).toMatchObject({ status: 503, code: 'PRICES_UNAVAILABLE' });
    expect(answer.message).toMatch(/refuses the key/);
    expect(answer.message).not.toContain('rpa_wrong');
  });

  test('RunPod cannot be reached', async () => {
    const answer = await refusal({ apiKey: 'emulated', apiUrl: deadUrl });

    expect(answer).toMatchObject({ status: 503, code: 'PRICES_UNAVAILABLE' });
    expect(answer.message).toMatch(/RunPod could not be reached: .*ECONNREFUSED/);
  });

  test('RunPod does not answer in time', async () => {
    await world.addFault({ at: 'catalog', effect: 'hang' });
    const answer = await refusal({ apiKey: 'emulated', apiUrl: world.runpodUrl });
    await world.clearFaults();

    expect(answer.message).toMatch(/RunPod has not answered within 1 s/);
  });

  test('the API has no key', async () => {
    expect((await refusal(null)).message).toMatch(/has no key of RunPod/);
  });
});

describe('npm start with a key', () => {
  test('says that RunPod takes it', async () => {
    expect(await runpodAnswer({ apiKey: 'emulated', apiUrl: world.runpodUrl })).toBe(
      'RunPod answers and takes the key; the account has 0 pods now.',
    );
  });

  test('says that RunPod refuses it', async () => {
    expect(await runpodAnswer({ apiKey: 'rpa_wrong', apiUrl: world.runpodUrl })).toMatch(/^RunPod refuses the key/);
  });

  test('says that RunPod cannot be reached', async () => {
    expect(await runpodAnswer({ apiKey: 'emulated', apiUrl: deadUrl })).toMatch(/^RunPod could not be reached/);
  });
});
