/** Keeps one process of ours running: whenever it ends, the next one is started. */
import type { Child } from '../dev/child.ts';

export interface Supervised {
  /** Sends the running process a signal; false when none runs at the moment. */
  signal(name: NodeJS.Signals): boolean;
  /** Number of starts so far. */
  starts(): number;
  stop(): Promise<void>;
}

/** Starts a process and settles when it is ready for the first time. Throws when that first start fails. */
export async function supervise(start: () => Promise<Child>, log: (line: string) => void): Promise<Supervised> {
  let stopped = false;
  let starts = 1;
  let current: Child | null = await start();
  const loop = (async () => {
    for (;;) {
      await current?.exited;
      if (stopped) return;
      starts += 1;
      try {
        current = await start();
      } catch (error) {
        current = null;
        // What it needs may be down too; the next start finds out.
        log(`a process did not start: ${error instanceof Error ? error.message.slice(0, 300) : 'unknown'}`);
      }
      if (stopped) await current?.stop();
    }
  })();
  return {
    signal(name) {
      if (!current?.running()) return false;
      current.signal(name);
      return true;
    },
    starts: () => starts,
    async stop() {
      stopped = true;
      await current?.stop();
      await loop;
    },
  };
}
