import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
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

  test('is for us alone, also one that an earlier version left open', () => {
    const place = join(home, '.tempera');
    mkdirSync(join(place, 'logs'), { recursive: true, mode: 0o755 });
    writeFileSync(join(place, 'api-key'), 'tmp_x', { mode: 0o644 });

    claimHome(place, 'emulated');

    const modes = [place, join(place, 'logs'), join(place, 'api-key'), join(place, 'cloud')].map(
      (path) => statSync(path).mode & 0o777,
    );
    // As root PostgreSQL runs as another user, who has to get through.
    expect(modes).toEqual([process.getuid?.() === 0 ? 0o711 : 0o700, 0o700, 0o600, 0o600]);
  });
});
