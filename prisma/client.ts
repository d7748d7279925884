import { PrismaPg } from '@prisma/adapter-pg';
import { DroppingClient } from './dropping-client.ts';
import { PrismaClient } from './generated/client.ts';
import type { Prisma } from './generated/client.ts';

export type Database = PrismaClient;

/** What a transaction's function gets. A `Database` is none: what belongs into a transaction cannot be done outside. */
export type Transaction = Prisma.TransactionClient & { readonly $connect?: never };

interface DatabaseOptions {
  /** postgresql://user:password@host:port/name */
  readonly url: string;
  /** Maximum connections of this process. Default 10. */
  readonly poolSize?: number;
  /** How long a query waits for a connection before it fails. Milliseconds, default 5,000. */
  readonly connectTimeoutMs?: number;
  /**
   * After this the server gives up a statement, and the connection stays usable. A server that does not answer even
   * then loses the connection ANSWER_MS later. Milliseconds, default 20,000; `statement_timeout` and `query_timeout` in
   * the address take precedence.
   */
  readonly statementTimeoutMs?: number;
}

/** How long an answer may be on its way: a frozen server would hold its client for ever. Milliseconds. */
const ANSWER_MS = 500;

/**
 * Many requests of one user wait for one row (money.ts): Prisma's own 2 and 5 s refuse the last of thirty. The server
 * ends an idle transaction, so that a process that froze in the middle releases its locks. Milliseconds.
 */
const TRANSACTION = { maxWait: 10_000, timeout: 15_000, idle: 10_000 };

/** Opens a client on PostgreSQL; connections are made when the first query needs one. Close with `$disconnect()`. */
export function createDatabase(options: DatabaseOptions): Database {
  const { url, poolSize = 10, connectTimeoutMs = 5_000, statementTimeoutMs = 20_000 } = options;
  const { maxWait, timeout, idle } = TRANSACTION;
  const adapter = new PrismaPg({
    connectionString: url,
    max: poolSize,
    connectionTimeoutMillis: connectTimeoutMs,
    statement_timeout: statementTimeoutMs,
    query_timeout: statementTimeoutMs + ANSWER_MS,
    idle_in_transaction_session_timeout: idle,
    Client: DroppingClient,
  });
  return new PrismaClient({ adapter, transactionOptions: { maxWait, timeout } });
}
