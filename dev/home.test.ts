import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { claimHome, cloudOf, defaultHome } from './home.ts';

describe('the folder of the local stack', () => {
  let home: string;
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'tempera-home-'));
  });
  afterEach(() => rmSync(home, { recursive: true, force: true }));

  test('is another one for real pods, unless TEMPERA_HOME names it', () => {
    const env = { RUNPOD_API_KEY: 'rpa_x' };

    expect(defaultHome(cloudOf({}), {})).toBe(resolve('.tempera'));
    expect(defaultHome(cloudOf(env), env)).toBe(resolve('.tempera/runpod'));
    expect(defaultHome('runpod', { TEMPERA_HOME: '/tmp/mine' })).toBe('/tmp/mine');
  });

  test('never changes its cloud: the demo’s unfinished trainings would rent real pods', () => {
    claimHome(home, 'emulated');
    claimHome(home, 'emulated');

    expect(() => claimHome(home, 'runpod')).toThrow(/belongs to the emulated cloud.*Set TEMPERA_HOME/);
  });
});
