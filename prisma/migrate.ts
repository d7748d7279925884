/**
 * Applies the migrations at boot, without Prisma's CLI, in Prisma's own table: `prisma migrate status`, `deploy` and
 * `dev` agree with the result, and vice versa.
 */
import { createHash, randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';

export const MIGRATIONS_FOLDER = join(import.meta.dirname, 'migrations');

/** The advisory lock that Prisma's engine takes for the same purpose. */
const MIGRATION_LOCK = 72707369;

/** Prisma 7's table, as its engine makes it. */
const TABLE = `CREATE TABLE IF NOT EXISTS _prisma_migrations (
  id varchar(36) PRIMARY KEY,
  checksum varchar(64) NOT NULL,
  finished_at timestamptz,
  migration_name varchar(255) NOT NULL,
  logs text,
  rolled_back_at timestamptz,
  started_at timestamptz NOT NULL DEFAULT now(),
  applied_steps_count integer NOT NULL DEFAULT 0
)`;

interface Migration {
  readonly name: string;
  readonly sql: string;
  /** SHA-256 of the file's bytes, in hex. */
  readonly checksum: string;
}

interface AppliedRow {
  readonly migration_name: string;
  readonly checksum: string;
  readonly finished_at: Date | null;
}

/** Thrown when the database and the migrations on disk do not match, or when a migration fails. */
class MigrationError extends Error {
  override readonly name = 'MigrationError';
}

/**
 * Applies missing migrations and returns their names. Several processes may do this at once: one works, the others
 * wait. Throws MigrationError.
 */
export async function migrate(databaseUrl: string, folder: string = MIGRATIONS_FOLDER): Promise<string[]> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await client.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    await client.query(TABLE);
    const migrations = readMigrations(folder);
    const { rows } = await client.query<AppliedRow>(
      'SELECT migration_name, checksum, finished_at FROM _prisma_migrations WHERE rolled_back_at IS NULL',
    );
    checkHistory(rows, migrations);
    const applied = new Set(rows.map((row) => row.migration_name));
    const missing = migrations.filter((migration) => !applied.has(migration.name));
    for (const migration of missing) await apply(client, migration);
    return missing.map((migration) => migration.name);
  } finally {
    // Ending the connection releases the lock.
    await client.end();
  }
}

function readMigrations(folder: string): Migration[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(folder, entry.name, 'migration.sql')))
    .map((entry) => {
      const bytes = readFileSync(join(folder, entry.name, 'migration.sql'));
      return {
        name: entry.name,
        sql: bytes.toString('utf8'),
        checksum: createHash('sha256').update(bytes).digest('hex'),
      };
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Stops before anything is touched if the applied migrations differ from the files. */
function checkHistory(rows: readonly AppliedRow[], migrations: readonly Migration[]): void {
  const faults: string[] = [];
  for (const row of rows) {
    const file = migrations.find((migration) => migration.name === row.migration_name);
    if (row.finished_at === null) {
      faults.push(
        `${row.migration_name} failed half-way; repair the database, then run "npx prisma migrate resolve --rolled-back ${row.migration_name}"`,
      );
    } else if (file === undefined) {
      faults.push(`${row.migration_name} is in the database but not on disk; the database belongs to a newer version`);
    } else if (file.checksum !== row.checksum) {
      faults.push(`${row.migration_name} was changed after it was applied; restore the file and write a new migration`);
    }
  }
  if (faults.length > 0) throw new MigrationError(`The database cannot be migrated:\n- ${faults.join('\n- ')}`);
}

async function apply(client: pg.Client, { name, sql, checksum }: Migration): Promise<void> {
  const id = randomUUID();
  await client.query('INSERT INTO _prisma_migrations (id, checksum, migration_name) VALUES ($1, $2, $3)', [
    id,
    checksum,
    name,
  ]);
  try {
    // One simple query is one implicit transaction: a migration is applied completely or not at all.
    await client.query(sql);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    await client.query('UPDATE _prisma_migrations SET logs = $2 WHERE id = $1', [id, message]);
    throw new MigrationError(`Migration ${name} failed and was rolled back: ${message}`, { cause: error });
  }
  await client.query('UPDATE _prisma_migrations SET finished_at = now(), applied_steps_count = 1 WHERE id = $1', [id]);
}
