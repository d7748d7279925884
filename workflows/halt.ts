/** Ending work on a pod early and on purpose: for a pause, or because the money is used up. */
import { CancellationScope, isCancellation } from '@temporalio/workflow';

export type Halt = 'pause' | 'budget';

export type Halted<T> =
  | { readonly status: 'done'; readonly value: T }
  | { readonly status: 'halted'; readonly why: Halt };

/**
 * Runs `work` until it is done or until `alarm` says why it shall end; then the work is cancelled and waited for. Work that was
 * done meanwhile counts as done; work that failed meanwhile, or was cut off before it had noticed, counts as halted. A cancellation
 * from outside passes through.
 */
export async function untilHalted<T>(work: () => Promise<T>, alarm: () => Promise<Halt>): Promise<Halted<T>> {
  const outside = CancellationScope.current();
  const working = new CancellationScope();
  const waiting = new CancellationScope();
  let why: Halt | null = null;
  const alarmed = waiting.run(async () => {
    try {
      why = await alarm();
      working.cancel();
    } catch (error) {
      if (!isCancellation(error)) throw error;
    }
  });
  try {
    return { status: 'done', value: await working.run(work) };
  } catch (error) {
    if (why === null || outside.consideredCancelled) throw error;
    return { status: 'halted', why };
  } finally {
    waiting.cancel();
    await alarmed;
  }
}
