/** A process that opens one photo and ends. Ordered by lone-process.ts; it has no settings and knows nobody else. */
import type { LoneOrder, LoneWord } from './lone-process.ts';
import { LONE_TASKS } from './lone-tasks.ts';

/** A decoder allocates in threads of its own while this one watches. Milliseconds. */
const WATCH_MS = 20;

// Whoever ordered it is gone.
process.on('disconnect', end);
process.once('message', (order: LoneOrder) => void carryOut(order));
process.send!({ status: 'ready' } satisfies LoneWord);

async function carryOut({ task, input, maxBytes }: LoneOrder): Promise<void> {
  setInterval(() => {
    const bytes = process.memoryUsage.rss();
    if (bytes > maxBytes) sayLast({ status: 'too_much_memory', bytes });
  }, WATCH_MS);
  try {
    sayLast({ status: 'done', value: await LONE_TASKS[task]!(input as { bytes: Uint8Array }) });
  } catch (error) {
    sayLast({ status: 'failed', error });
  }
}

let hasSpoken = false;
function sayLast(word: LoneWord): void {
  if (hasSpoken) return;
  hasSpoken = true;
  process.send!(word, undefined, undefined, end);
}

/** At once: a decoder that still runs would hold up a polite end. */
function end(): void {
  process.kill(process.pid, 'SIGKILL');
}
