import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { cachedOrMade, cachedProgram, cacheFolder } from './cache.mjs';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tempera-cache-'));
  vi.stubEnv('TEMPERA_CACHE_DIR', folder);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

/** A maker that writes this shell script. */
const writes = (script: string) => async (draft: string) => {
  const file = join(draft, 'tool');
  writeFileSync(file, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return file;
};
const fails = (reason: string) => async () => {
  throw new Error(reason);
};
const TOOL = { name: 'tool', version: '1.0.0' };

describe('programs made once per machine', () => {
  test('a program is made once and found again', async () => {
    const make = vi.fn<(draft: string) => Promise<string>>(writes('echo tool 1.0.0'));
    const first = await cachedOrMade({ ...TOOL, makers: [make] });
    const second = await cachedOrMade({ ...TOOL, makers: [make] });

    expect(first).toEqual({ path: join(folder, 'bin', 'tool-1.0.0') });
    expect(second).toEqual(first);
    expect(make).toHaveBeenCalledTimes(1);
  });

  test('two starts at once make it once', async () => {
    const make = vi.fn<(draft: string) => Promise<string>>(writes('echo tool 1.0.0'));
    await Promise.all([cachedOrMade({ ...TOOL, makers: [make] }), cachedOrMade({ ...TOOL, makers: [make] })]);

    expect(make).toHaveBeenCalledTimes(1);
  });

  test('a half-finished program does not count, and the next way is tried', async () => {
    const result = await cachedOrMade({ ...TOOL, makers: [writes('exit 1'), writes('echo tool 1.0.0')] });

    expect(result).toHaveProperty('path');
  });

  test('when every way fails, the reasons are told and nothing is left', async () => {
    const result = await cachedOrMade({ ...TOOL, makers: [fails('no internet'), fails('no Go')] });

    expect(result).toEqual({ reasons: ['no internet', 'no Go'] });
    expect(existsSync(cachedProgram('tool', '1.0.0'))).toBe(false);
    expect(readdirSync(join(folder, 'bin'))).toEqual([]);
  });

  test('an interrupted build lies beside the cache, not in it, and is removed by the next start', async () => {
    await cachedOrMade({ ...TOOL, makers: [fails('interrupted')] });
    const draft = mkdtempSync(join(folder, 'bin', 'draft-tool-'));
    await writes('echo half')(draft);

    expect(await cachedOrMade({ ...TOOL, makers: [fails('made again')] })).toEqual({ reasons: ['made again'] });
    expect(readdirSync(join(folder, 'bin'))).toEqual([]);
  });
});

test('the cache lies where the environment says', () => {
  expect(cacheFolder({ TEMPERA_CACHE_DIR: '/a' })).toBe('/a');
  expect(cacheFolder({ XDG_CACHE_HOME: '/b' })).toBe('/b/tempera');
});
