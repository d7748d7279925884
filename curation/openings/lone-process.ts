import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { createSemaphore } from '../../core/semaphore.ts';
import { LIMITS } from '../limits.ts';

/** What a lone process is told, once. */
export interface LoneOrder {
  readonly task: string;
  readonly input: unknown;
  /** Memory from which it ends itself. */
  readonly maxBytes: number;
}

/** What it says: that it is there, and later how it went. */
export type LoneWord =
  | { readonly status: 'ready' }
  | { readonly status: 'done'; readonly value: unknown }
  | { readonly status: 'failed'; readonly error: unknown }
  | { readonly status: 'too_much_memory'; readonly bytes: number };

export type LoneOutcome =
  | { readonly status: 'done'; readonly value: unknown }
  /** How the process ended, in words that end a sentence. */
  | { readonly status: 'died'; readonly how: string };

/** Does work that may kill its process, one piece after the other, each in a process that ends with it. */
export interface LoneProcess {
  /** Throws what the work throws, the signal's reason, and an error when it was not the work that ended the process. */
  run(task: string, input: unknown, options?: LoneOptions): Promise<LoneOutcome>;
}

interface LoneOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called every second. */
  readonly onWait?: (() => void) | undefined;
}

const WAIT_BEAT_MS = 1_000;
const IS_SOURCE = import.meta.url.endsWith('.ts');
const MAIN = fileURLToPath(new URL(IS_SOURCE ? './lone-main.ts' : './lone-main.js', import.meta.url));
/** How people and machines ask a process to end: nothing that a photo does. */
const BY_HAND: readonly (NodeJS.Signals | null)[] = ['SIGTERM', 'SIGINT', 'SIGHUP'];

/** `maxBytes`: memory from which a process ends itself. */
export function createLoneProcess({ maxBytes }: { readonly maxBytes: number }): LoneProcess {
  const alone = createSemaphore(1);
  return {
    async run(task, input, { signal, onWait } = {}) {
      const beat = setInterval(() => onWait?.(), WAIT_BEAT_MS);
      try {
        return await alone.run(() => runOnce({ task, input, maxBytes }, signal), { signal });
      } finally {
        clearInterval(beat);
      }
    },
  };
}

async function runOnce(order: LoneOrder, signal: AbortSignal | undefined): Promise<LoneOutcome> {
  const child = fork(MAIN, {
    serialization: 'advanced',
    execArgv: IS_SOURCE ? ['--import', 'tsx'] : [],
    // None of our settings, and no secret among them.
    env: {},
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  const kill = () => void child.kill('SIGKILL');
  let isLate = false;
  const late = setTimeout(() => {
    isLate = true;
    kill();
  }, LIMITS.loneSeconds * 1_000);
  signal?.addEventListener('abort', kill, { once: true });
  try {
    const { word, code, by } = await obey(child, order);
    signal?.throwIfAborted();
    if (word?.status === 'done') return word;
    if (word?.status === 'failed') throw word.error;
    if (word === null || BY_HAND.includes(by))
      throw new Error(`A process for a single photo ended before it was done (${by ?? `exit code ${code}`})`);
    if (isLate) return { status: 'died', how: `the last one needed more than ${LIMITS.loneSeconds} s` };
    if (word.status === 'too_much_memory')
      return { status: 'died', how: `the last one took ${Math.round(word.bytes / 1e6)} MB of memory` };
    return { status: 'died', how: `the last one ended with ${by ?? `exit code ${code}`}` };
  } finally {
    clearTimeout(late);
    signal?.removeEventListener('abort', kill);
  }
}

interface End {
  /** The last that it said; null when it did not even begin. */
  readonly word: LoneWord | null;
  readonly code: number | null;
  readonly by: NodeJS.Signals | null;
}

/** Gives the order as soon as the process is ready for it: what ends it before that is not the photo. */
function obey(child: ChildProcess, order: LoneOrder): Promise<End> {
  let word: LoneWord | null = null;
  return new Promise((resolve, reject) => {
    child.on('message', (message) => {
      word = message as LoneWord;
      // Whether the order arrived shows at the end.
      if (word.status === 'ready') child.send(order, () => undefined);
    });
    child.once('error', reject);
    child.once('exit', (code, by) => resolve({ word, code, by }));
  });
}
