import { linkSignals } from '../core/time-limit.ts';
import { pingDatabase } from '../prisma/repositories/api-keys.ts';
import type { ApiDeps } from './deps.ts';

/** Longest that one check may take. Milliseconds. */
const CHECK_TIMEOUT_MS = 1_500;

type Part = 'ok' | 'unavailable';

export interface ReadinessReport {
  readonly status: 'ready' | 'unavailable';
  readonly parts: { readonly database: Part; readonly temporal: Part; readonly objectStore: Part };
}

/** Asks every part for a sign of life, all at once. Never throws. */
export async function checkReadiness({
  database,
  temporal,
  store,
}: Pick<ApiDeps, 'database' | 'temporal' | 'store'>): Promise<ReadinessReport> {
  const [databasePart, temporalPart, objectStore] = await Promise.all([
    check(() => pingDatabase(database)),
    check(() => temporal.health()),
    check((signal) => store.ping(signal)),
  ]);
  const parts = { database: databasePart, temporal: temporalPart, objectStore };
  return { status: Object.values(parts).every((part) => part === 'ok') ? 'ready' : 'unavailable', parts };
}

async function check(ask: (signal: AbortSignal) => Promise<void>): Promise<Part> {
  const { signal, release } = linkSignals([], CHECK_TIMEOUT_MS);
  const late = new Promise<Part>((resolve) =>
    signal.addEventListener('abort', () => resolve('unavailable'), { once: true }),
  );
  const asked = ask(signal).then(
    (): Part => 'ok',
    (): Part => 'unavailable',
  );
  // Not every part heeds its signal.
  return await Promise.race([asked, late]).finally(release);
}
