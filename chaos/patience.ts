import { setTimeout as sleep } from 'node:timers/promises';

/** Repeats a question to a server that may be down for a moment. */
export async function patiently<T>(ask: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await ask();
    } catch (error) {
      if (tries === 60) throw error;
      await sleep(500);
    }
  }
}
