import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { keepPrivate } from './private-files.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tempera-private-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const modeOf = (...path: string[]) => (statSync(join(folder, ...path)).mode & 0o777).toString(8);

test('makes a new folder for its owner alone', () => {
  keepPrivate(join(folder, 'home'));

  expect(modeOf('home')).toBe('700');
});

test('corrects what an earlier version left readable by all, and nothing that is not ours', () => {
  chmodSync(folder, 0o755);
  for (const name of ['logs', 'objects', 'somebody']) mkdirSync(join(folder, name), { mode: 0o755 });
  for (const name of ['api-key', 'temporal.db', 'notes.txt']) writeFileSync(join(folder, name), '', { mode: 0o644 });

  expect(keepPrivate(folder)).toEqual([]);
  expect([modeOf('logs'), modeOf('objects'), modeOf('api-key'), modeOf('temporal.db')]).toEqual([
    '700',
    '700',
    '600',
    '600',
  ]);
  expect([modeOf(), modeOf('somebody'), modeOf('notes.txt')]).toEqual(['755', '755', '644']);
});
