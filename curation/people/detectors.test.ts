import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadDetectors } from './detectors.ts';
import type { Detectors } from './detectors.ts';

describe('loadDetectors', () => {
  const before = globalThis.fetch;
  const models = join(dirname(createRequire(import.meta.url).resolve('@vladmandic/human')), '..', 'models');
  const address = (file: string) => pathToFileURL(join(models, file)).href;
  let asked = 0;
  let detectors: Detectors;

  beforeAll(async () => {
    globalThis.fetch = async () => {
      asked++;
      throw new Error('the network was asked');
    };
    detectors = await loadDetectors();
  });
  afterAll(() => {
    globalThis.fetch = before;
  });

  it('loads and looks without the network', async () => {
    const even = { width: 64, height: 64, data: new Uint8Array(64 * 64 * 3).fill(90) };

    expect((await detectors.look(even)).faces).toEqual([]);
    expect(await detectors.findPersons(even)).toEqual([]);
    expect(asked).toBe(0);
  });

  it('leaves a fetch in its thread that reads the files of the models', async () => {
    const file = address('blazeface.json');

    for (const way of [file, new URL(file), new Request(file)])
      expect(await (await globalThis.fetch(way)).json()).toHaveProperty('modelTopology');
  });

  it.each([
    'http://127.0.0.1:1/blazeface.json',
    'https://cdn.jsdelivr.net/npm/@vladmandic/human/models/blazeface.json',
    'data:application/json,{}',
    '/etc/passwd',
    'blazeface.json',
    pathToFileURL('/etc/passwd').href,
    `${address('')}../package.json`,
    `${address('')}%2e%2e/package.json`,
    `${address('').replace(/\/$/, '')}-of-others/blazeface.json`,
  ])('and refuses %s', async (wanted) => {
    await expect(globalThis.fetch(wanted)).rejects.toThrow('nothing but the files of their package');
  });
});
