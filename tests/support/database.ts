import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { servers } from './provided.ts';

/** A database of its own with all migrations applied. */
export interface TestDatabase {
  readonly url: string;
  /** Removes it, ending connections that are still open. May be called more than once. */
  drop(): Promise<void>;
}

/** Copies the migrated template: about 40 ms. One per test file is enough; nothing else is shared between files. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const { adminUrl, template } = servers().database;
  const name = `tempera_test_${randomBytes(8).toString('hex')}`;
  await runSql(adminUrl, `CREATE DATABASE ${name} TEMPLATE ${template}`);
  return {
    url: databaseUrl(adminUrl, name),
    drop: () => runSql(adminUrl, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
  };
}

/** The same server and user, another database. */
export function databaseUrl(url: string, name: string): string {
  const address = new URL(url);
  address.pathname = `/${name}`;
  return address.href;
}

/** Runs statements on a connection of their own. */
export async function runSql(url: string, ...statements: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}
