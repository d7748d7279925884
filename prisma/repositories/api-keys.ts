/** API keys: only a prefix and the SHA-256 of a key are stored. */
import type { Database } from '../client.ts';

interface StoredKey {
  readonly prefix: string;
  /** Hex SHA-256 of the whole key. */
  readonly secretHash: string;
}

export interface KeyOwner {
  readonly keyId: string;
  /** What the key is called; tells people of one account apart. */
  readonly keyName: string;
  readonly userId: string;
  readonly email: string;
  readonly isOperator: boolean;
  readonly lastUsedAt: Date | null;
}

/** Serialises the first start of several API processes on one database; any constant will do. */
const FIRST_KEY_LOCK = 7_302_114;
/** Precision of `last_used_at`: at most one write a minute, however busy a key is. */
const LAST_USED_STEP_MS = 60_000;

/** The owner of a key that is known and not revoked; null otherwise. */
export async function findApiKeyOwner(database: Database, secretHash: string): Promise<KeyOwner | null> {
  const row = await database.apiKey.findUnique({
    where: { secretHash },
    select: {
      id: true,
      name: true,
      userId: true,
      lastUsedAt: true,
      revokedAt: true,
      user: { select: { email: true, operator: true } },
    },
  });
  if (row === null || row.revokedAt !== null) return null;
  const { id: keyId, name: keyName, userId, lastUsedAt, user } = row;
  return { keyId, keyName, userId, email: user.email, isOperator: user.operator, lastUsedAt };
}

/** Records the use of a key, at most once a minute. */
export async function touchApiKey(
  database: Database,
  key: { keyId: string; lastUsedAt: Date | null },
  now: Date,
): Promise<void> {
  if (key.lastUsedAt !== null && now.getTime() - key.lastUsedAt.getTime() < LAST_USED_STEP_MS) return;
  await database.apiKey.updateMany({ where: { id: key.keyId }, data: { lastUsedAt: now } });
}

/**
 * Creates the first user, an operator, and a key when the database has no key at all. `beforeCommit` runs once the row
 * is written.
 */
export async function createFirstApiKey(
  database: Database,
  key: StoredKey,
  beforeCommit: () => Promise<void>,
): Promise<{ readonly status: 'created' | 'exists' }> {
  return database.$transaction(async (tx) => {
    await tx.$executeRaw`SELECT pg_advisory_xact_lock(${FIRST_KEY_LOCK}::bigint)`;
    if ((await tx.apiKey.count()) > 0) return { status: 'exists' };
    const owner = { email: 'owner@localhost', name: 'Owner', operator: true };
    const user = await tx.user.upsert({ where: { email: owner.email }, create: owner, update: {} });
    await tx.apiKey.create({ data: { userId: user.id, name: 'first key', ...key } });
    await beforeCommit();
    return { status: 'created' };
  });
}
