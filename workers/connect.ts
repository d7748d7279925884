import { setTimeout as sleep } from 'node:timers/promises';
import { NativeConnection } from '@temporalio/worker';
import type { Logger } from '../config/logger.ts';
import type { temporalConnection } from '../config/temporal.ts';

const PAUSE_MS = 1_000;

/**
 * Connects to Temporal and waits for a server that is not up yet: the SDK gives up at the first refusal. Null when
 * stopped first.
 */
export async function connectWithPatience(
  options: ReturnType<typeof temporalConnection>['connectionOptions'],
  logger: Logger,
  signal: AbortSignal,
): Promise<NativeConnection | null> {
  for (let tries = 1; !signal.aborted; tries += 1) {
    try {
      return await NativeConnection.connect(options);
    } catch (error) {
      if (tries % 10 === 1) logger.warn({ err: error, tries }, 'Temporal is not answering yet');
      await sleep(PAUSE_MS, undefined, { signal }).catch(() => {});
    }
  }
  return null;
}
