import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openStoreGate } from './store-gate.ts';
import type { StoreGate } from './store-gate.ts';

let gate: StoreGate;
let close: () => void;
beforeEach(async () => {
  const store = createServer((_, answer) => void answer.end('whole')).listen(0, '127.0.0.1');
  await once(store, 'listening');
  gate = await openStoreGate(`http://127.0.0.1:${(store.address() as AddressInfo).port}`);
  close = () => void store.close();
});
afterEach(async () => {
  await gate.stop();
  close();
});

test('lets everything through while it is open', async () => {
  expect(await (await fetch(gate.endpoint)).text()).toBe('whole');
});

test('answers 503 while the store is busy, and opens again', async () => {
  gate.set('busy');
  const busy = await fetch(gate.endpoint);
  const said = await busy.text();
  gate.set('open');

  expect([busy.status, said]).toEqual([503, expect.stringContaining('SlowDown')]);
  expect((await fetch(gate.endpoint)).status).toBe(200);
});

test('refuses connections, those that are open included', async () => {
  await (await fetch(gate.endpoint)).text();
  gate.set('refuses');

  await expect(fetch(gate.endpoint)).rejects.toThrow('fetch failed');
});
