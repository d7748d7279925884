import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { lock, processIdentity, tryLock } from './lock.mjs';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tempera-lock-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('a lock is held until it is released, and leaves no file', () => {
  const file = join(folder, 'lock');
  const first = tryLock(file);
  const second = tryLock(file);
  if (first.status === 'taken') first.release();

  expect(second).toEqual({ status: 'held', pid: process.pid });
  expect(readdirSync(folder)).toEqual([]);
  expect(tryLock(file).status).toBe('taken');
});

test('the lock of a dead process is taken over', async () => {
  const dead = spawn(process.execPath, ['-e', '']);
  const identity = processIdentity(dead.pid ?? 0);
  await once(dead, 'exit');
  const file = join(folder, 'lock');
  writeFileSync(file, JSON.stringify({ pid: dead.pid, identity }));

  expect(tryLock(file).status).toBe('taken');
});

test('a process that got the number of a dead holder does not hold its lock', () => {
  const file = join(folder, 'lock');
  writeFileSync(file, JSON.stringify({ pid: process.pid, identity: `${process.pid}@long ago` }));

  expect(tryLock(file).status).toBe('taken');
});

test('an unreadable lock is taken over', () => {
  const file = join(folder, 'lock');
  writeFileSync(file, '{"pid": 1');

  expect(tryLock(file).status).toBe('taken');
});

test('whoever waits gets the lock after its release', async () => {
  const file = join(folder, 'lock');
  const release = await lock(file);
  const waited: number[] = [];
  const waiting = lock(file, { onWait: (pid) => waited.push(pid) });
  setTimeout(release, 150);

  expect(await waiting).toBeTypeOf('function');
  expect(waited).toEqual([process.pid]);
});
