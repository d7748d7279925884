/** Migrations: our runner and Prisma's CLI agree, and nothing is applied twice or half. */
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { migrate, MIGRATIONS_FOLDER } from '../../prisma/migrate.ts';
import { createTestDatabase, databaseUrl, runSql } from '../support/database.ts';
import { servers } from '../support/provided.ts';

const ROOT = resolve(import.meta.dirname, '..', '..');
const NAME = `tempera_migrations_${process.pid}`;

let url: string;
let folder: string;
beforeEach(async () => {
  const { adminUrl } = servers().database;
  await runSql(adminUrl, `DROP DATABASE IF EXISTS ${NAME} WITH (FORCE)`, `CREATE DATABASE ${NAME}`);
  url = databaseUrl(adminUrl, NAME);
  folder = mkdtempSync(join(tmpdir(), 'tempera-migrations-'));
});
afterEach(async () => {
  rmSync(folder, { recursive: true, force: true });
  await runSql(servers().database.adminUrl, `DROP DATABASE IF EXISTS ${NAME} WITH (FORCE)`);
});

function addMigration(name: string, sql: string): void {
  mkdirSync(join(folder, name), { recursive: true });
  writeFileSync(join(folder, name, 'migration.sql'), sql);
}

async function tables(): Promise<string[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<{ name: string }>(
    "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' AND tablename NOT LIKE '\\_%' ORDER BY 1",
  );
  await client.end();
  return rows.map(({ name }) => name);
}

function prisma(...args: string[]): Promise<{ code: number; output: string }> {
  return new Promise((done) => {
    const env = { ...process.env, DATABASE_URL: url };
    execFile(
      process.execPath,
      ['node_modules/prisma/build/index.js', ...args],
      { cwd: ROOT, env },
      (error, stdout, stderr) =>
        done({ code: typeof error?.code === 'number' ? error.code : error ? 1 : 0, output: `${stdout}${stderr}` }),
    );
  });
}

describe('migrations', () => {
  test('reports of before verdicts keep what they said', async () => {
    const first = '20261121000000_init';
    cpSync(join(MIGRATIONS_FOLDER, first), join(folder, first), { recursive: true });
    await migrate(url, folder);
    const id = (digit: number) => `'00000000-0000-7000-8000-00000000000${digit}'`;
    const report = (digit: number, accepted: boolean) =>
      `INSERT INTO curation_reports (id, dataset_id, version, accepted, kept, dropped, report, created_at)
       VALUES (${id(digit)}, ${id(2)}, '${String(digit).repeat(64)}', ${accepted}, 1, 2, '{}', '2026-01-0${digit}')`;
    await runSql(
      url,
      `INSERT INTO users (id, email) VALUES (${id(1)}, 'a@example.com')`,
      `INSERT INTO datasets (id, user_id, name) VALUES (${id(2)}, ${id(1)}, 'photos')`,
      report(3, true),
      report(4, false),
    );
    await migrate(url);
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    const { rows } = await client.query(
      `SELECT verdict, reserved, checked_at = created_at AS kept_time FROM curation_reports ORDER BY id`,
    );
    await client.end();

    expect(rows).toEqual([
      { verdict: 'pass', reserved: 0, kept_time: true },
      { verdict: 'blocked', reserved: 0, kept_time: true },
    ]);
  });

  test('say the same as the schema (no drift)', async () => {
    const { code, output } = await prisma(
      'migrate',
      'diff',
      '--from-migrations',
      'prisma/migrations',
      '--to-schema',
      'prisma/schema.prisma',
      '--exit-code',
    );

    expect(output).toContain('No difference detected');
    expect(code).toBe(0);
  });

  test('a schema without its migration is drift', async () => {
    const fewer = join(folder, 'migrations');
    cpSync(MIGRATIONS_FOLDER, fewer, { recursive: true });
    mkdirSync(join(fewer, '29990101000000_extra'));
    writeFileSync(join(fewer, '29990101000000_extra', 'migration.sql'), 'CREATE TABLE rogue (id integer PRIMARY KEY);');
    const { code, output } = await prisma(
      'migrate',
      'diff',
      '--from-migrations',
      fewer,
      '--to-schema',
      'prisma/schema.prisma',
      '--exit-code',
    );

    expect(output).toContain('rogue');
    expect(code).toBe(2);
  });

  test("what our runner applies, Prisma's CLI takes for its own", async () => {
    await migrate(url);
    const { code, output } = await prisma('migrate', 'status');

    expect(output).toContain('Database schema is up to date');
    expect(code).toBe(0);
  });

  test("what Prisma's CLI applies, our runner does not apply again", async () => {
    const { code } = await prisma('migrate', 'deploy');

    expect(code).toBe(0);
    expect(await migrate(url)).toEqual([]);
  });

  test('several processes at once apply each migration once', async () => {
    const applied = await Promise.all([migrate(url), migrate(url), migrate(url)]);

    expect(applied.filter((names) => names.length > 0)).toHaveLength(1);
  });

  test('are applied in the order of their names, and only the missing ones', async () => {
    addMigration('2_second', 'CREATE TABLE b (a_id integer REFERENCES a);');
    addMigration('1_first', 'CREATE TABLE a (id integer PRIMARY KEY);');
    const first = await migrate(url, folder);
    addMigration('3_third', 'CREATE TABLE c (id integer);');

    expect(first).toEqual(['1_first', '2_second']);
    expect(await migrate(url, folder)).toEqual(['3_third']);
    expect(await tables()).toEqual(['a', 'b', 'c']);
  });

  test('a failing one leaves nothing behind and stops the next start until it is resolved', async () => {
    addMigration('1_bad', "CREATE TABLE a (id integer); SELECT 'x'::integer;");

    await expect(migrate(url, folder)).rejects.toThrow(/1_bad failed and was rolled back/);
    expect(await tables()).toEqual([]);
    await expect(migrate(url, folder)).rejects.toThrow(/1_bad failed half-way/);
  });

  test('one that was edited after it was applied is reported', async () => {
    addMigration('1_first', 'CREATE TABLE a (id integer);');
    await migrate(url, folder);
    addMigration('1_first', 'CREATE TABLE a (id bigint);');

    await expect(migrate(url, folder)).rejects.toThrow(/1_first was changed after it was applied/);
  });

  test('a database of a newer version is not touched', async () => {
    addMigration('1_first', 'CREATE TABLE a (id integer);');
    addMigration('2_second', 'CREATE TABLE b (id integer);');
    await migrate(url, folder);
    rmSync(join(folder, '2_second'), { recursive: true });

    await expect(migrate(url, folder)).rejects.toThrow(/2_second is in the database but not on disk/);
  });
});

test('amounts below zero are refused by the database', async () => {
  const database = await createTestDatabase();
  const email = "INSERT INTO users (id, email) VALUES ('00000000-0000-7000-8000-000000000001', 'a@example.com')";
  const image = `INSERT INTO training_images (id, user_id, filename, mime_type, bytes, width, height, sha256, storage_key)
    VALUES ('00000000-0000-7000-8000-000000000002', '00000000-0000-7000-8000-000000000001', 'a.jpg', 'image/jpeg', 0, 1, 1, '${'a'.repeat(64)}', 'k')`;

  await expect(runSql(database.url, email, image)).rejects.toThrow(/training_images_size/);
  await database.drop();
});
