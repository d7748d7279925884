import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Order, Outcomes } from './curation-orders.ts';

/**
 * Carries out an order in a separate process, so that the peak of memory is the order's alone. An abort ends the
 * process.
 */
export async function carryOut<Given extends Order>(
  order: Given,
  signal: AbortSignal,
): Promise<Outcomes[Given['kind']]> {
  signal.throwIfAborted();
  const child = fork(join(import.meta.dirname, 'curation-worker.ts'), { execArgv: ['--import', 'tsx'] });
  const ended = once(child, 'exit');
  const abort = () => child.kill();
  signal.addEventListener('abort', abort);
  try {
    child.send(order);
    const message = await Promise.race([
      once(child, 'message').then(([first]) => first as unknown),
      ended.then(() => null),
    ]);
    signal.throwIfAborted();
    if (message === null) throw new Error('The process that looks at photos ended unexpectedly');
    const outcome = message as Outcomes[Given['kind']] | { readonly error: string };
    if ('error' in outcome) throw new Error(outcome.error);
    return outcome;
  } finally {
    signal.removeEventListener('abort', abort);
    if (child.connected) child.disconnect();
    await ended;
  }
}
