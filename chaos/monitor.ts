/** Reads all rows now and then, for everything that waits for a change; a database that is down is read later. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '../prisma/client.ts';

const EVERY_MS = 150;

export interface Seen {
  readonly status: string;
  readonly phase: string;
  readonly attempt: number;
}

export interface Monitor {
  /** Settles with the row when `condition` holds for it; null when the monitor was stopped. */
  until(id: string, condition: (seen: Seen) => boolean): Promise<Seen | null>;
  /** Settles once some training is in the phase, and after `withinMs` at the latest. */
  untilSome(phase: string, withinMs: number): Promise<void>;
  stop(): Promise<void>;
}

/** Starts watching. */
export function startMonitor(rows: Database): Monitor {
  let stopped = false;
  const waiting = new Set<{ id: string; condition: (seen: Seen) => boolean; done: (seen: Seen | null) => void }>();
  const look = async () => {
    const ids = [...new Set([...waiting].map(({ id }) => id))];
    const found = await rows.loraModel.findMany({
      where: { id: { in: ids } },
      select: { id: true, status: true, phase: true, attempt: true },
    });
    const byId = new Map(found.map((row) => [row.id, row]));
    for (const entry of waiting) {
      const seen = byId.get(entry.id);
      if (seen === undefined || !entry.condition(seen)) continue;
      waiting.delete(entry);
      entry.done(seen);
    }
  };
  const loop = (async () => {
    while (!stopped) {
      // The database is one of the things that are broken on purpose.
      if (waiting.size > 0) await look().catch(() => undefined);
      await sleep(EVERY_MS);
    }
    for (const { done } of waiting) done(null);
    waiting.clear();
  })();
  const isSome = async (phase: string) => {
    const where = { phase, status: { in: ['pending' as const, 'training' as const] } };
    return (await rows.loraModel.count({ where }).catch(() => 0)) > 0;
  };
  return {
    until: (id, condition) =>
      new Promise((done) => {
        if (stopped) done(null);
        else waiting.add({ id, condition, done });
      }),
    async untilSome(phase, withinMs) {
      const deadline = Date.now() + withinMs;
      while (!stopped && Date.now() < deadline && !(await isSome(phase))) await sleep(EVERY_MS / 5);
    },
    async stop() {
      stopped = true;
      await loop;
    },
  };
}
