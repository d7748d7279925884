import { pino, stdSerializers } from 'pino';
import type { Logger } from 'pino';

export type { Logger };

/** A JSON logger for one process role: object first, sentence second. Headers and credentials are never logged. */
export function createLogger(role: string, level = 'info'): Logger {
  return pino({
    level,
    base: { role, pid: process.pid },
    // Temporal's SDK says `error` where we say `err`.
    serializers: { err: stdSerializers.err, error: stdSerializers.err },
    redact: {
      paths: [
        'authorization',
        'headers.authorization',
        'headers.cookie',
        'req.headers.authorization',
        'req.headers.cookie',
        'apiKey',
        'token',
        'password',
        'secret',
      ],
      censor: '[redacted]',
    },
  });
}
