/** Idempotency keys of one user: which training the first request with a key created. */
import type { Database } from '../client.ts';

/** The request that first used this key; null when the key is new. */
export async function findIdempotencyKey(
  database: Database,
  userId: string,
  key: string,
): Promise<{ readonly requestHash: string; readonly trainingId: string } | null> {
  const row = await database.idempotencyKey.findUnique({ where: { userId_key: { userId, key } } });
  return row === null ? null : { requestHash: row.requestHash, trainingId: row.loraModelId };
}
