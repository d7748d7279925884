/** Records every save that is in our store during the run: later many of them are deleted, as they should be. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '../prisma/client.ts';

const EVERY_MS = 300;
/** How far back each look goes: a database that was down for a moment is asked about that moment too. Milliseconds. */
const OVERLAP_MS = 30_000;

export interface SavedFile {
  readonly trainingId: string;
  readonly attempt: number;
  readonly step: number;
  readonly filename: string;
  readonly sha256: string;
  readonly homeAtMs: number;
}

/** Starts watching; `stop` looks once more and returns everything that was seen. */
export function startSaveLog(rows: Database) {
  const seen = new Map<string, SavedFile>();
  let stopped = false;
  const look = async () => {
    const found = await rows.checkpoint.findMany({
      where: { mirroredAt: { gt: new Date(Date.now() - OVERLAP_MS) } },
      include: { attempt: { select: { number: true, loraModelId: true } } },
    });
    for (const { id, step, filename, sha256, mirroredAt, attempt } of found)
      seen.set(id, {
        trainingId: attempt.loraModelId,
        attempt: attempt.number,
        step,
        filename,
        sha256,
        homeAtMs: mirroredAt.getTime(),
      });
  };
  const loop = (async () => {
    while (!stopped) {
      // The database is one of the things that are broken on purpose.
      await look().catch(() => undefined);
      await sleep(EVERY_MS);
    }
  })();
  return {
    async stop(): Promise<readonly SavedFile[]> {
      stopped = true;
      await loop;
      return [...seen.values()];
    },
  };
}
