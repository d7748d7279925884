import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Order, Outcome } from './transfer-orders.ts';

/** A process that transfers and does nothing else. It ends when we end. */
export interface TransferProcess {
  carryOut(order: Order): Promise<Outcome>;
  stop(): Promise<void>;
}

/** `certificate`: a file with one that it trusts besides the usual ones. */
export async function startTransferProcess(certificate?: string): Promise<TransferProcess> {
  const child = fork(join(import.meta.dirname, 'transfer-worker.ts'), {
    execArgv: ['--import', 'tsx'],
    env: { ...process.env, ...(certificate !== undefined && { NODE_EXTRA_CA_CERTS: certificate }) },
  });
  const ended = once(child, 'exit').then(() => 'ended' as const);
  const answer = async (): Promise<unknown> => {
    const message = await Promise.race([once(child, 'message'), ended]);
    if (message === 'ended') throw new Error('The transferring process ended unexpectedly');
    return message[0];
  };
  await answer();
  return {
    async carryOut(order) {
      child.send(order);
      const outcome = (await answer()) as Outcome | { readonly error: string };
      if ('error' in outcome) throw new Error(outcome.error);
      return outcome;
    },
    async stop() {
      if (child.connected) child.disconnect();
      await ended;
    },
  };
}
