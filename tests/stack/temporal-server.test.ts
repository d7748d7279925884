/** The local Temporal server and what temporal-dev.yaml asks of it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { prepareNamespace } from '../../cli/temporal-namespace.ts';
import { readTemporalDevConfig } from '../../config/temporal-dev.ts';
import type { TemporalDevConfig } from '../../config/temporal-dev.ts';
import { freePort } from '../../dev/ports.ts';
import { resolveTemporalCli } from '../../dev/temporal-cli.mjs';
import { startTemporalServer } from '../../dev/temporal-server.ts';
import * as contract from '../../workflows/contract.ts';
import * as attributes from '../../workflows/search-attributes.ts';

const config = readTemporalDevConfig();
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tempera-temporal-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function start(changed: Partial<TemporalDevConfig>, port = 0) {
  const databaseFile = join(folder, 'temporal.db');
  return startTemporalServer({
    config: { ...config, ...changed },
    cliPath: await resolveTemporalCli(),
    databaseFile,
    port,
    uiPort: 0,
  });
}

async function read(address: string) {
  const connection = await Connection.connect({ address });
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace: 'default' });
  const described = await connection.workflowService.describeNamespace({ namespace: 'default' });
  await connection.close();
  const seconds = Number(described.config?.workflowExecutionRetentionTtl?.seconds);
  return { attributes: Object.keys(customAttributes ?? {}).toSorted(), retentionHours: seconds / 3600 };
}

test('an existing database file gets the retention and the search attributes that were added to the file since', async () => {
  const old = await start({
    searchAttributes: { LoraStatus: 'Keyword' },
    namespace: { name: 'default', retentionHours: 24 },
  });
  const before = await read(old.address);
  await old.stop();
  const now = await start({});
  const after = await read(now.address);
  await now.stop();

  expect(before).toEqual({ attributes: ['LoraStatus'], retentionHours: 24 });
  expect(after).toEqual({ attributes: Object.keys(config.searchAttributes).toSorted(), retentionHours: 720 });
});

test('preparing a namespace twice changes nothing, and an attribute of another type is refused', async () => {
  const server = await start({});
  const connection = await Connection.connect({ address: server.address });
  const changes = await prepareNamespace(connection, config);
  const clash = prepareNamespace(connection, { ...config, searchAttributes: { LoraStatus: 'Int' } });

  await expect(clash).rejects.toThrow(/LoraStatus is Keyword, wanted Int/);
  expect(changes).toEqual([]);
  await connection.close();
  await server.stop();
});

test('a port that is taken is a clear failure and leaves no server', async () => {
  const port = await freePort();
  const first = await start({}, port);

  await expect(
    startTemporalServer({ config, cliPath: await resolveTemporalCli(), databaseFile: null, port, uiPort: 0 }),
  ).rejects.toThrow(/cannot use port/);
  await first.stop();
});

test('temporal-dev.yaml names the search attributes and task queues that the code uses', () => {
  const used = Object.values(attributes).flatMap((value) =>
    'name' in value && 'type' in value ? [`${value.name} ${value.type}`] : [],
  );
  const named = Object.entries(config.searchAttributes).map(([name, type]) => `${name} ${type.toUpperCase()}`);

  expect(used.toSorted()).toEqual(named.toSorted());
  expect(contract.TASK_QUEUES).toEqual(config.taskQueues);
});
