import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fetchOnlyFrom, filesOnly } from './package-files.ts';

let root: string;
let first: string;
let second: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'package-files-'));
  [first, second] = [join(root, 'first') + sep, join(root, 'second') + sep];
  for (const folder of [first, second]) {
    await mkdir(folder);
    await writeFile(join(folder, 'model.bin'), folder);
  }
});

afterAll(() => rm(root, { recursive: true }));

const url = (...parts: string[]) => pathToFileURL(join(...parts)).href;

describe('filesOnly', () => {
  it('reads the files of its folders', async () => {
    const response = await filesOnly([first])(url(first, 'model.bin'));

    expect(await response.text()).toBe(first);
  });

  it.each([
    ['the network', () => 'https://example.com/model.bin'],
    ['this machine', () => 'http://127.0.0.1/model.bin'],
    ['a folder beside it', () => url(second, 'model.bin')],
    ['a way out of its folder', () => `${pathToFileURL(first).href}../second/model.bin`],
    ['a folder whose name begins alike', () => url(`${first.slice(0, -1)}-more`, 'model.bin')],
    ['a request made elsewhere', () => new Request('https://example.com/model.bin')],
  ])('refuses %s', async (_what, address) => {
    await expect(filesOnly([first])(address())).rejects.toThrow('nothing but the files of their package');
  });
});

describe('fetchOnlyFrom', () => {
  it('adds folders to those that others named before', async () => {
    const before = globalThis.fetch;
    try {
      fetchOnlyFrom([first]);
      fetchOnlyFrom([]);
      await expect(fetch(url(second, 'model.bin'))).rejects.toThrow();
      fetchOnlyFrom([second]);

      expect(await (await fetch(url(first, 'model.bin'))).text()).toBe(first);
      expect(await (await fetch(url(second, 'model.bin'))).text()).toBe(second);
      await expect(fetch('https://example.com/')).rejects.toThrow();
    } finally {
      globalThis.fetch = before;
    }
  });
});
