import { log } from '@temporalio/activity';
import { TemperaError } from '../core/failure.ts';
import type { JobObservation } from '../providers/backends/job.ts';
import type { Mirror } from './mirror.ts';
import type { Watch } from './watch.ts';

export interface ResumeCheck {
  check(seen: JobObservation): Promise<void>;
}

/**
 * A trainer that cannot read the optimizer's state only prints a line and continues with a fresh one. After the first
 * new step we check the log, and a resume that turned out to be weights-only is recorded as such.
 */
export async function createResumeCheck({ deps, input }: Watch, mirror: Mirror): Promise<ResumeCheck> {
  const { trainingId, attempt } = input;
  const resume = await deps.repositories.attempts.findResume(trainingId, attempt);
  let open = resume?.with === 'restored';
  return {
    async check({ step }) {
      if (!open || !resume || step <= resume.fromStep) return;
      const optimizer = await mirror.optimizer().catch((error: unknown) => {
        // A trainer that cannot be asked now is asked at the next poll.
        if (error instanceof TemperaError && error.retryable) return null;
        throw error;
      });
      if (optimizer === null) return;
      open = false;
      if (optimizer === 'loaded') return;
      log.warn('the optimizer state was not loaded: the training continues from the weights alone', {
        trainingId,
        attempt,
      });
      await deps.repositories.attempts.recordResume({ ...resume, with: 'weights_only' });
    },
  };
}
