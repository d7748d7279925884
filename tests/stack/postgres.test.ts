/** The embedded PostgreSQL: first starts, crashes, foreign data. */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ensureDatabase } from '../../dev/postgres.ts';
import type { DatabaseServer } from '../../dev/postgres.ts';

let folder: string;
const open: DatabaseServer[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tempera-postgres-'));
  chmodSync(folder, 0o711);
});
afterEach(async () => {
  for (const server of open.splice(0)) await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function start(dir = join(folder, 'db')): Promise<DatabaseServer> {
  const server = await ensureDatabase({ dir, databaseUrl: '', temporary: true });
  open.push(server);
  return server;
}

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<Record<string, unknown>>(sql);
  await client.end();
  return rows;
}

describe('the embedded PostgreSQL', () => {
  test('two first starts at once share one server', async () => {
    const servers = await Promise.all([start(), start()]);

    expect(servers.map(({ origin }) => origin).toSorted()).toEqual(['adopted', 'started']);
    expect(servers[0]?.url).toBe(servers[1]?.url);
  });

  test('comes back with its data after a SIGKILL, with the old pid file in its way', async () => {
    const dir = join(folder, 'db');
    const first = await ensureDatabase({ dir, databaseUrl: '' });
    await query(first.url, 'CREATE TABLE kept (id integer); INSERT INTO kept VALUES (7)');
    process.kill(Number(readFileSync(join(dir, 'data', 'postmaster.pid'), 'utf8').split('\n')[0]), 'SIGKILL');
    await first.stop();
    expect(existsSync(join(dir, 'data', 'postmaster.pid'))).toBe(true);
    const second = await start();

    expect(second.origin).toBe('started');
    expect(await query(second.url, 'SELECT id FROM kept')).toEqual([{ id: 7 }]);
  });

  test('an interrupted first start is made again', async () => {
    mkdirSync(join(folder, 'db', 'init-999999'), { recursive: true });
    writeFileSync(join(folder, 'db', 'init-999999', 'PG_VERSION'), '18\n');

    expect((await start()).origin).toBe('started');
  });

  test('data of another major version is refused', async () => {
    const first = await ensureDatabase({ dir: join(folder, 'db'), databaseUrl: '' });
    await first.stop();
    writeFileSync(join(folder, 'db', 'data', 'PG_VERSION'), '15\n');

    await expect(start()).rejects.toThrow(/was made by PostgreSQL 15/);
  });

  test.skipIf(process.getuid?.() !== 0)('works below a folder that only root may enter', async () => {
    chmodSync(folder, 0o700);
    const server = await start();
    const moved = readFileSync(join(folder, 'db', 'location'), 'utf8');

    expect(await query(server.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await server.stop();
    expect(existsSync(moved)).toBe(false);
  });

  test('DATABASE_URL is used as it is', async () => {
    const server = await ensureDatabase({ dir: folder, databaseUrl: 'postgresql://someone@db.example/x' });

    expect(server).toMatchObject({ url: 'postgresql://someone@db.example/x', origin: 'given' });
  });
});
