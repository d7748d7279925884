import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startChild, waitUntilReady } from './child.ts';
import { processIdentity } from './lock.mjs';
import { portOrFree } from './ports.ts';

const node = (code: string) => ({ name: 'child', command: process.execPath, args: ['-e', code] });
const isAlive = (pid: number) => processIdentity(pid) !== null;

async function waitFor(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 20));
}

test('a child prints lines, is asked to end, and reports its end', async () => {
  const lines: string[] = [];
  const child = startChild({
    ...node('console.log("up"); setInterval(() => {}, 1000)'),
    onLine: (line) => lines.push(line),
  });
  await waitUntilReady(child, async () => lines.includes('up'));
  await child.stop();
  await child.stop();

  expect(child.running()).toBe(false);
  expect(lines).toEqual(['up']);
});

test('a child that does not listen is ended by force after the grace', async () => {
  const child = startChild({
    ...node('process.on("SIGTERM", () => {}); console.log("up"); setInterval(() => {}, 1000)'),
    graceMs: 100,
  });
  await waitUntilReady(child, async () => child.lastLines() === 'up');
  await child.stop();

  expect(child.running()).toBe(false);
});

test('a child that ends while it starts is reported with what it said', async () => {
  const child = startChild(node('console.error("no disk"); process.exit(3)'));

  await expect(waitUntilReady(child, async () => false)).rejects.toThrow(/ended while it was starting.*no disk/s);
  expect(await child.exited).toEqual({ code: 3 });
});

test('a program that does not exist is a clear failure', async () => {
  const child = startChild({ name: 'ghost', command: '/does/not/exist', args: [] });

  await expect(waitUntilReady(child, async () => false)).rejects.toThrow(/ENOENT/);
});

test('a child does not outlive a parent that is killed', async () => {
  const module = join(import.meta.dirname, 'child.ts');
  const program = 'console.log(process.pid); setInterval(() => {}, 1000)';
  const code = `
    const { startChild } = await import(${JSON.stringify(module)});
    startChild({ name: 'x', command: process.execPath, args: ['-e', ${JSON.stringify(program)}], onLine: console.log });
  `;
  const parent = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface({ input: parent.stdout }), 'line')) as [string];
  const pid = Number(line);
  expect(isAlive(pid)).toBe(true);
  parent.kill('SIGKILL');

  await waitFor(() => !isAlive(pid));
});

test('a signal reaches the program itself', async () => {
  const child = startChild(node('console.log("up"); setInterval(() => {}, 1000)'));
  await waitUntilReady(child, async () => child.lastLines() === 'up');
  child.signal('SIGKILL');

  expect(await child.exited).toEqual({ code: 1 });
});

test('a port that somebody else has is replaced by a free one, and said', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  const told: number[] = [];
  const got = await portOrFree(port, (free) => told.push(free));
  other.close();

  expect(got).not.toBe(port);
  expect(told).toEqual([got]);
});
