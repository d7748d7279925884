/** What PostgreSQL counts about its own work. */
import pg from 'pg';

export interface DatabaseCounters {
  /** Rows inserted, updated and deleted, by table. */
  readonly writes: Readonly<Record<string, number>>;
  readonly transactions: number;
}

export interface DatabaseWatch {
  read(): Promise<DatabaseCounters>;
  query<Row extends object>(sql: string): Promise<Row[]>;
  close(): Promise<void>;
}

const BY_TABLE =
  'SELECT relname AS name, (n_tup_ins + n_tup_upd + n_tup_del)::int AS writes FROM pg_stat_user_tables WHERE n_tup_ins + n_tup_upd + n_tup_del > 0';
const TRANSACTIONS =
  'SELECT (xact_commit + xact_rollback)::int AS count FROM pg_stat_database WHERE datname = current_database()';

/** Opens a separate connection for observing. Sessions report their work up to a second late. */
export async function watchDatabase(connectionString: string): Promise<DatabaseWatch> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  const query = async <Row extends object>(sql: string) => (await client.query<Row>(sql)).rows;
  return {
    query,
    async read() {
      const tables = await query<{ name: string; writes: number }>(BY_TABLE);
      const [transactions] = await query<{ count: number }>(TRANSACTIONS);
      return {
        writes: Object.fromEntries(tables.map(({ name, writes }) => [name, writes])),
        transactions: transactions?.count ?? 0,
      };
    },
    close: () => client.end(),
  };
}

/** The difference between two readings. */
export function countersBetween(before: DatabaseCounters, after: DatabaseCounters): DatabaseCounters {
  return {
    writes: Object.fromEntries(
      Object.entries(after.writes)
        .map(([name, count]) => [name, count - (before.writes[name] ?? 0)] as const)
        .filter(([, count]) => count > 0),
    ),
    transactions: after.transactions - before.transactions,
  };
}
