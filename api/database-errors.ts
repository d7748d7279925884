/** Distinguishes "PostgreSQL cannot be reached" from every other query failure. */

/**
 * Prisma: unreachable, timed out, denied while starting, connection closed, pool exhausted, transaction not started in
 * time.
 */
const PRISMA_CODES = new Set(['P1001', 'P1002', 'P1008', 'P1011', 'P1017', 'P2024', 'P2028', 'P2037']);
const SOCKET_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ETIMEDOUT',
  'EPIPE',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
]);
/** PostgreSQL: statement timeout, shutting down, crashed, starting up, too many connections. */
const SQL_STATES = new Set(['57014', '57P01', '57P02', '57P03', '53300', '08000', '08001', '08003', '08006']);
/** node-postgres gives its own timeouts no code (pg 8.23). */
const TEXTS = [
  'timeout exceeded when trying to connect',
  'Connection terminated',
  'Query read timeout',
  'Client has encountered a connection error',
];
/** The driver adapter's kinds of failure (@prisma/adapter-pg 7.10). */
const KINDS = new Set([
  'DatabaseNotReachable',
  'ConnectionClosed',
  'SocketTimeout',
  'TooManyConnections',
  'TlsConnectionError',
]);

export function isDatabaseUnavailable(error: unknown, depth = 0): boolean {
  if (typeof error !== 'object' || error === null || depth > 5) return false;
  const { code, kind, originalCode, message, name, cause, meta, errors } = error as Record<string, unknown>;
  if (
    typeof code === 'string' &&
    (PRISMA_CODES.has(code) || SQL_STATES.has(code) || (SOCKET_CODES.has(code) && depth > 0))
  )
    return true;
  if (typeof originalCode === 'string' && SQL_STATES.has(originalCode)) return true;
  if (typeof kind === 'string' && KINDS.has(kind)) return true;
  if (name === 'PrismaClientInitializationError') return true;
  if (typeof message === 'string' && TEXTS.some((text) => message.includes(text))) return true;
  const inner = [
    cause,
    (meta as Record<string, unknown> | undefined)?.['driverAdapterError'],
    ...(Array.isArray(errors) ? errors : []),
  ];
  return inner.some((one) => isDatabaseUnavailable(one, depth + 1));
}
