/** Ending work on a pod early and on purpose: for a pause, or because the money has run out. */
import { CancellationScope, isCancellation } from '@temporalio/workflow';

export type Halt = 'pause' | 'ceiling';

export type Halted<T> =
  | { readonly status: 'done'; readonly value: T }
  | { readonly status: 'halted'; readonly reason: Halt };

/**
 * Runs `work` until it is done or until `alarm` gives a reason to stop it; the work is then cancelled and awaited. Work
 * that finished in the meantime counts as done; work that failed in the meantime, or was interrupted before it noticed,
 * counts as halted. A cancellation from outside propagates.
 */
export async function untilHalted<T>(work: () => Promise<T>, alarm: () => Promise<Halt>): Promise<Halted<T>> {
  const outside = CancellationScope.current();
  const working = new CancellationScope();
  const waiting = new CancellationScope();
  let reason: Halt | null = null;
  const alarmed = waiting.run(async () => {
    try {
      reason = await alarm();
      working.cancel();
    } catch (error) {
      if (!isCancellation(error)) throw error;
    }
  });
  try {
    return { status: 'done', value: await working.run(work) };
  } catch (error) {
    if (reason === null || outside.consideredCancelled) throw error;
    return { status: 'halted', reason };
  } finally {
    waiting.cancel();
    await alarmed;
  }
}
