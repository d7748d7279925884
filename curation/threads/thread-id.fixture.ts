import { setTimeout as sleep } from 'node:timers/promises';
import { threadId } from 'node:worker_threads';

/** Keeps a thread busy for a moment and says which one it was. Milliseconds. */
export async function whoWorks(ms: number): Promise<number> {
  await sleep(ms);
  return threadId;
}
