/** A statement that is not answered in time: what its transaction had done so far must never be committed by somebody else. */
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isDatabaseUnavailable } from '../../api/database-errors.ts';
import { createDatabase } from '../../prisma/client.ts';
import type { Database } from '../../prisma/client.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';

let testDatabase: TestDatabase;
let database: Database;
let blocker: pg.Client;
let userId: string;
beforeAll(async () => {
  testDatabase = await createTestDatabase();
  database = createDatabase({ url: testDatabase.url });
  userId = (await database.user.create({ data: { email: 'late@example.org' } })).id;
  blocker = new pg.Client({ connectionString: testDatabase.url });
  await blocker.connect();
});
afterAll(async () => {
  await blocker.end();
  await database.$disconnect();
  await testDatabase.drop();
});

/** What gives up first: our client, because the server does not answer, or the server. */
const LIMITS = {
  query_timeout: (url: URL) => {
    url.searchParams.set('query_timeout', '500');
    return { url: url.href };
  },
  statement_timeout: (url: URL) => ({ url: url.href, statementTimeoutMs: 500 }),
};

test.each(['query_timeout', 'statement_timeout'] as const)(
  'with %s the next transaction of the process does not commit what was begun before it',
  async (limit) => {
    // With one connection: whoever comes next gets the one on which the statement was left.
    const api = createDatabase({ ...LIMITS[limit](new URL(testDatabase.url)), poolSize: 1 });
    await blocker.query('BEGIN');
    await blocker.query('SELECT id FROM users FOR UPDATE');

    const half = api.$transaction(async (tx) => {
      await tx.apiKey.create({ data: keyOf(`${limit}-half`) });
      await tx.$queryRaw`SELECT id FROM users WHERE id = ${userId}::uuid FOR UPDATE`;
    });
    const failure: unknown = await half.catch((error: unknown) => error);
    const whole = api.$transaction(async (tx) => {
      await tx.apiKey.create({ data: keyOf(`${limit}-whole`) });
    });
    await blocker.query('COMMIT');
    await whole;
    await api.$disconnect();

    expect(isDatabaseUnavailable(failure)).toBe(true);
    const made = await database.apiKey.findMany({ where: { name: { startsWith: limit } } });
    expect(made.map(({ name }) => name)).toEqual([`${limit}-whole`]);
  },
);

function keyOf(name: string) {
  return { userId, name, prefix: 'half', secretHash: name };
}
