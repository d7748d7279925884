/** Whether the database can be used. */
import type { Database } from '../client.ts';

/** A query that touches no table, as a ping. */
export async function pingDatabase(database: Database): Promise<void> {
  await database.$queryRaw`SELECT 1`;
}

/** Reads from a table. Throws when the database cannot be reached, or is not Tempera's. */
export async function checkTables(database: Database): Promise<void> {
  await database.apiKey.findFirst({ select: { id: true } });
}
