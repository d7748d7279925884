/** Ends the watch of a job that no longer moves. */
import { TemperaError } from '../core/failure.ts';
import { DEFAULT_INTERVALS } from '../core/interval.ts';
import type { JobObservation } from '../providers/backends/job.ts';
import { redact } from './failures.ts';
import { createGoneCheck } from './gone-process.ts';
import { recordLogTail } from './watch.ts';
import type { Watch } from './watch.ts';

export interface StallCheck {
  /** Throws TRAINING_STALLED, or TRAINER_ERROR for a job whose process is gone. `now`: epoch milliseconds. */
  check(seen: JobObservation, now: number): Promise<void>;
}

/**
 * Distinguishes a stall from slowness: only step, status text and log count as progress (the row's own timestamp does
 * not change while training). `begunAt`: epoch milliseconds.
 */
export function createStallCheck(watch: Watch, begunAt: number): StallCheck {
  const { input, job, step } = watch;
  const gone = createGoneCheck(job, input.stallTimeoutMs);
  let movedAt = begunAt;
  let signature = '';
  // Unknown until the first poll, which must not count as progress.
  let logOffset: number | null = null;
  let trained = false;

  const end = async (code: 'TRAINING_STALLED' | 'TRAINER_ERROR', message: string, ids: Record<string, number> = {}) => {
    await recordLogTail(watch);
    const { trainingId, attempt } = input;
    return new TemperaError(code, message, { ids: { trainingId, attempt, ...ids } });
  };

  return {
    async check(seen, now) {
      if (seen.step > 0) trained = true;
      // A log that scrolls for ever is activity, but not training.
      const waitedMs = now - input.startedAtMs;
      if (!trained && waitedMs >= (input.firstStepTimeoutMs ?? DEFAULT_INTERVALS.firstStepTimeoutMs))
        throw await end(
          'TRAINING_STALLED',
          `No step was completed in ${Math.round(waitedMs / 1_000)} s: ${redact(seen.info)}`,
        );
      const current = `${seen.state}|${seen.step}|${seen.info}`;
      if (current !== signature) {
        signature = current;
        movedAt = now;
        return;
      }
      const idleSeconds = trained ? await gone.idleFor({ stillMs: now - movedAt, now, signal: step.signal }) : null;
      if (idleSeconds !== null && seen.state === 'running')
        throw await end(
          'TRAINER_ERROR',
          `The trainer’s process is gone: its job is reported as running at step ${seen.step}, but the GPU has been idle and empty for ${idleSeconds} s`,
          { step: seen.step },
        );
      // The log is read only when the row has not changed for a while.
      if (now - movedAt < input.stallTimeoutMs / 2) return;
      const offset = await logEnd(watch, logOffset);
      if (logOffset !== null && offset !== logOffset) movedAt = now;
      logOffset = offset;
      const limitMs = trained ? input.stallTimeoutMs : Math.max(input.stallTimeoutMs, input.startupTimeoutMs);
      if (now - movedAt < limitMs) return;
      throw await end(
        'TRAINING_STALLED',
        `No progress for ${Math.round((now - movedAt) / 1_000)} s at step ${seen.step}: ${redact(seen.info)}`,
        { step: seen.step },
      );
    },
  };
}

/** Where the log ends now; unchanged when the trainer cannot tell, so that an unreadable log never hides a stall. */
async function logEnd({ job, step }: Watch, known: number | null): Promise<number> {
  try {
    return (await job.log(known ?? Number.MAX_SAFE_INTEGER, step.signal)).offset;
  } catch (error) {
    if (error instanceof TemperaError && error.retryable) return known ?? -1;
    throw error;
  }
}
