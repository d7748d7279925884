/** The user's account under concurrency. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDatabase } from '../../prisma/client.ts';
import type { Database } from '../../prisma/client.ts';
import { limitsFor } from '../../prisma/repositories/money.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';

let testDatabase: TestDatabase;
let database: Database;
beforeAll(async () => {
  testDatabase = await createTestDatabase();
  database = createDatabase({ url: testDatabase.url, poolSize: 4 });
});
afterAll(async () => {
  await database.$disconnect();
  await testDatabase.drop();
});

test('two starts of one user, each with its key written, wait for each other instead of blocking each other', async () => {
  const { id: userId } = await database.user.create({ data: { email: 'money@example.org' } });
  const none = { training: null, userMonth: null, characterMonth: null };
  let written = 0;
  let release = () => {};
  const bothWritten = new Promise<void>((resolve) => (release = resolve));

  const start = (key: string) =>
    database.$transaction(async (tx) => {
      const loraModelId = randomUUID();
      await tx.idempotencyKey.create({ data: { userId, key, requestHash: '0'.repeat(64), loraModelId } });
      if (++written === 2) release();
      await bothWritten;
      return await limitsFor(tx, userId, none);
    });

  expect(await Promise.all([start('one'), start('two')])).toEqual([none, none]);
});
