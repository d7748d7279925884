import { TemperaError } from '../core/failure.ts';
import type { TrainerTarget } from '../providers/trainers/trainer.ts';
import type { ActivityDependencies } from './dependencies.ts';

/** Shares of the stall timeout (of 15 min: 60 s and 30 s): how long a row stands still before the GPU is asked, and how long that is idle. */
const STILL_SHARE = 1 / 15;
const IDLE_SHARE = 1 / 30;

export interface GoneCheck {
  /** Seconds that the GPU has been idle, once that proves that no process trains; null while it may. */
  idleFor(params: {
    readonly stillMs: number;
    readonly now: number;
    readonly signal: AbortSignal;
  }): Promise<number | null>;
}

/**
 * Notices a job whose row says that it runs while its process is gone: the trainer's worker writes the end of a process down only if
 * it was there to see it. A process that has made a step holds the model in the GPU's memory until its end, so an empty one that
 * computes nothing for half a minute is proof, long before the stall timeout. Before the first step nothing can be told.
 */
export function createGoneCheck(deps: ActivityDependencies, target: TrainerTarget, stallTimeoutMs: number): GoneCheck {
  let idleSince: number | null = null;
  return {
    async idleFor({ stillMs, now, signal }) {
      const isIdle = stillMs >= stallTimeoutMs * STILL_SHARE && (await isGpuIdle(deps, target, signal));
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

/** False while the trainer cannot say. */
async function isGpuIdle(deps: ActivityDependencies, target: TrainerTarget, signal: AbortSignal): Promise<boolean> {
  try {
    return (await deps.trainer.gpu(target, signal)) === 'idle';
  } catch (error) {
    if (error instanceof TemperaError && error.retryable) return false;
    throw error;
  }
}
