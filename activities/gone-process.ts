import { TemperaError } from '../core/failure.ts';
import type { Job } from '../providers/backends/job.ts';

/**
 * Shares of the stall timeout (of 15 min: 60 s and 30 s): how long the row must be unchanged before we ask the GPU, and
 * how long that must be idle.
 */
const STILL_SHARE = 1 / 15;
const IDLE_SHARE = 1 / 30;

export interface GoneCheck {
  /** How many seconds the GPU has been idle, once that proves that nothing is training; null while something may be. */
  idleFor(params: {
    readonly stillMs: number;
    readonly now: number;
    readonly signal: AbortSignal;
  }): Promise<number | null>;
}

/**
 * Detects a job whose row says that it is running although its process is gone: the trainer's worker records the end of
 * a process only if it was there to see it. A process that has completed a step holds the model in GPU memory until it
 * ends, so half a minute with an empty, idle GPU is proof, long before the stall timeout. Before the first step nothing
 * can be said.
 */
export function createGoneCheck(job: Job, stallTimeoutMs: number): GoneCheck {
  let idleSince: number | null = null;
  return {
    async idleFor({ stillMs, now, signal }) {
      const isIdle = stillMs >= stallTimeoutMs * STILL_SHARE && (await isGpuIdle(job, signal));
      if (!isIdle) {
        idleSince = null;
        return null;
      }
      idleSince ??= now;
      const idleMs = now - idleSince;
      return idleMs >= stallTimeoutMs * IDLE_SHARE ? Math.round(idleMs / 1_000) : null;
    },
  };
}

/** False while the trainer cannot tell. */
async function isGpuIdle(job: Job, signal: AbortSignal): Promise<boolean> {
  try {
    return (await job.gpu(signal)) === 'idle';
  } catch (error) {
    if (error instanceof TemperaError && error.retryable) return false;
    throw error;
  }
}
