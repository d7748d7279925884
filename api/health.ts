import { linkSignals } from '../core/time-limit.ts';
import { databaseTrouble } from '../prisma/trouble.ts';
import type { ApiDeps } from './deps.ts';

/** Longest that one check may take. Milliseconds. */
const CHECK_TIMEOUT_MS = 1_500;

type Part = 'ok' | 'unavailable';
type PartName = 'database' | 'temporal' | 'objectStore';

export interface ReadinessReport {
  readonly status: 'ready' | 'unavailable';
  readonly parts: Readonly<Record<PartName, Part>>;
}

export type CheckReadiness = () => Promise<ReadinessReport>;

/**
 * A check that pings every part, all at once, and never throws. The log says why a part is unavailable, once until that
 * changes: probes come every few seconds.
 */
export function createReadinessCheck(
  deps: Pick<ApiDeps, 'repositories' | 'temporal' | 'store' | 'logger'>,
): CheckReadiness {
  const { repositories, temporal, store, logger } = deps;
  const told = new Map<PartName, string>();
  const checkPart = async (part: PartName, ask: (signal: AbortSignal) => Promise<void>): Promise<Part> => {
    const why = await whyUnavailable(ask);
    if (why !== null && why !== told.get(part)) logger.error({ part, why }, 'not ready');
    if (why === null && told.has(part)) logger.info({ part }, 'ready again');
    if (why === null) told.delete(part);
    else told.set(part, why);
    return why === null ? 'ok' : 'unavailable';
  };
  return async () => {
    const [databasePart, temporalPart, objectStore] = await Promise.all([
      checkPart('database', () => repositories.health.pingDatabase()),
      checkPart('temporal', () => temporal.health()),
      checkPart('objectStore', (signal) => store.ping(signal)),
    ]);
    const parts = { database: databasePart, temporal: temporalPart, objectStore };
    return { status: Object.values(parts).every((part) => part === 'ok') ? 'ready' : 'unavailable', parts };
  };
}

/** Null when all is well. */
async function whyUnavailable(ask: (signal: AbortSignal) => Promise<void>): Promise<string | null> {
  const { signal, release } = linkSignals([], CHECK_TIMEOUT_MS);
  const late = new Promise<string>((resolve) =>
    signal.addEventListener('abort', () => resolve(`no answer within ${CHECK_TIMEOUT_MS} ms`), { once: true }),
  );
  const asked = ask(signal).then(
    () => null,
    (error: unknown) => databaseTrouble(error)?.why ?? (error as Error).message,
  );
  // Not every part honours its signal.
  return await Promise.race([asked, late]).finally(release);
}
