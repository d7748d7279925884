import { randomUUID } from 'node:crypto';
import { PrismaPg } from '@prisma/adapter-pg';
import { bindMigrationAwareSqlAdapterFactory, ColumnTypeEnum } from '@prisma/driver-adapter-utils';
import pg from 'pg';

const CHAR_OID = 18;
const TEXT_OID = 25;

/** The engine's way to a database. Without an address it can still compare schemas, which needs none. */
export function createAdapterFactory({ url, shadowDatabaseUrl }) {
  if (!url) return bindMigrationAwareSqlAdapterFactory(withoutDatabase);
  return bindMigrationAwareSqlAdapterFactory({
    provider: 'postgres',
    adapterName: '@prisma/adapter-pg',
    connect: () => open(url),
    connectToShadowDb: () => openShadow(shadowDatabaseUrl || url),
  });
}

async function open(url, onClose = async () => undefined) {
  const pool = new pg.Pool({ connectionString: url });
  const adapter = await new PrismaPg(pool).connect();
  correct(adapter);
  const startTransaction = adapter.startTransaction.bind(adapter);
  adapter.startTransaction = async (level) => correct(await startTransaction(level));
  // Correction: the adapter splits scripts at every semicolon, which breaks functions and texts.
  adapter.executeScript = async (script) => {
    await pool.query(script).catch((error) => adapter.onError(error));
  };
  adapter.dispose = async () => {
    await pool.end();
    await onClose();
  };
  return adapter;
}

/** Correction: the adapter would keep the main database's name in the address, and use it as its own shadow. */
async function openShadow(url) {
  const name = `prisma_migrate_shadow_db_${randomUUID()}`;
  await runOnce(url, `CREATE DATABASE "${name}"`);
  const shadow = new URL(url);
  shadow.pathname = `/${name}`;
  return open(shadow.href, () => runOnce(url, `DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`));
}

export async function runOnce(url, sql) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

/**
 * Corrections: results of several statements come as a list, and the catalogue's type "char" is unknown to the adapter
 * (as text it makes the engine panic on PostgreSQL 18).
 */
function correct(queryable) {
  const charColumns = new WeakMap();
  const performIO = queryable.performIO.bind(queryable);
  queryable.performIO = async (query) => {
    const answer = await performIO(query);
    const result = Array.isArray(answer) ? answer.at(-1) : answer;
    const fields = result.fields ?? [];
    const rows = result.rows ?? [];
    charColumns.set(
      rows,
      fields.flatMap((field, index) => (field.dataTypeID === CHAR_OID ? [index] : [])),
    );
    const known = fields.map((field) => (field.dataTypeID === CHAR_OID ? { ...field, dataTypeID: TEXT_OID } : field));
    return { ...result, rowCount: result.rowCount, fields: known, rows };
  };
  const queryRaw = queryable.queryRaw.bind(queryable);
  queryable.queryRaw = async (query) => {
    const result = await queryRaw(query);
    for (const index of charColumns.get(result.rows) ?? []) result.columnTypes[index] = ColumnTypeEnum.Character;
    return result;
  };
  return queryable;
}

/** Stands for a server when only schemas are compared: the engine asks one question at its start, for the version. */
const withoutDatabase = {
  provider: 'postgres',
  adapterName: '@prisma/adapter-pg',
  connect: async () => ({
    provider: 'postgres',
    adapterName: '@prisma/adapter-pg',
    queryRaw: async () => ({
      columnNames: ['exists', 'version', 'numeric_version'],
      columnTypes: [ColumnTypeEnum.Boolean, ColumnTypeEnum.Text, ColumnTypeEnum.Int32],
      rows: [[true, 'PostgreSQL 18.4', 180004]],
    }),
    executeRaw: needsDatabase,
    executeScript: needsDatabase,
    startTransaction: needsDatabase,
    getConnectionInfo: () => ({ schemaName: 'public', supportsRelationJoins: true }),
    dispose: async () => undefined,
  }),
  connectToShadowDb: needsDatabase,
};

async function needsDatabase() {
  throw new Error('This command needs a database: set DATABASE_URL, or use the db:* scripts of package.json.');
}
