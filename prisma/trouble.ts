/** What of a database's failure a person can act on, without anything of a query or a password. */
export interface DatabaseTrouble {
  /** True when waiting will not help: somebody has to change a setting, or the database. */
  readonly lasts: boolean;
  readonly why: string;
}

/** What the driver adapter (@prisma/adapter-pg 7.10) says of a failure. */
interface AdapterCause {
  readonly kind?: string;
  readonly user?: string;
  readonly db?: string;
  readonly host?: string;
  readonly port?: number;
}

/** Says why the database of DATABASE_URL could not be used; null for an error that does not come from the database. */
export function databaseTrouble(error: unknown): DatabaseTrouble | null {
  const cause = adapterCause(error);
  if (cause === undefined) return null;
  switch (cause.kind) {
    case 'AuthenticationFailed':
      return { lasts: true, why: `PostgreSQL rejects the user ${cause.user} of DATABASE_URL, or the password` };
    case 'DatabaseDoesNotExist':
      return { lasts: true, why: `the server of DATABASE_URL has no database ${cause.db}` };
    case 'DatabaseAccessDenied':
      return { lasts: true, why: `the user of DATABASE_URL may not use the database ${cause.db}` };
    case 'TableDoesNotExist':
    case 'ColumnNotFound':
      return { lasts: true, why: 'the database lacks tables: apply the migrations with "npx prisma migrate deploy"' };
    case 'TlsConnectionError':
      return { lasts: true, why: 'PostgreSQL and DATABASE_URL disagree on TLS (sslmode)' };
    case 'DatabaseNotReachable':
      return { lasts: false, why: `PostgreSQL is not answering at ${cause.host}${cause.port ? `:${cause.port}` : ''}` };
    default:
      return { lasts: false, why: `the database is unusable (${cause.kind ?? 'unknown'})` };
  }
}

function adapterCause(error: unknown): AdapterCause | undefined {
  const { meta } = (error ?? {}) as { meta?: { driverAdapterError?: { cause?: AdapterCause } } };
  return meta?.driverAdapterError?.cause;
}
