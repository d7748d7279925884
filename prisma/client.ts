import { PrismaPg } from '@prisma/adapter-pg';
import { PrismaClient } from './generated/client.ts';

export type Database = PrismaClient;

interface DatabaseOptions {
  /** postgresql://user:password@host:port/name */
  readonly url: string;
  /** Most connections of this process. Default 10. */
  readonly poolSize?: number;
  /** How long a query waits for a connection before it fails. Milliseconds, default 5,000. */
  readonly connectTimeoutMs?: number;
}

/** Opens a client on PostgreSQL; connections are made when the first query needs one. Close with `$disconnect()`. */
export function createDatabase({ url, poolSize = 10, connectTimeoutMs = 5_000 }: DatabaseOptions): Database {
  const adapter = new PrismaPg({ connectionString: url, max: poolSize, connectionTimeoutMillis: connectTimeoutMs });
  return new PrismaClient({ adapter });
}
