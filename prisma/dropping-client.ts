import pg from 'pg';

/** node-postgres' message for its own `query_timeout` (8.23); the statement may still be running in the server. */
const NOT_ANSWERED = 'Query read timeout';

/**
 * A connection that is not used again once a statement on it was not answered in time. node-postgres would leave it
 * open, and the adapter hands it back to the pool with its transaction still open (@prisma/adapter-pg 7.10): the next
 * transaction of the process would commit what was begun before it.
 */
export class DroppingClient extends pg.Client {
  // One signature for all of node-postgres' overloads: only the promise matters.
  override query(...args: unknown[]): never {
    const result: unknown = (super.query as (...args: unknown[]) => unknown)(...args);
    if (result instanceof Promise)
      result.catch((error: unknown) => {
        if (error instanceof Error && error.message === NOT_ANSWERED) void this.end();
      });
    return result as never;
  }
}
