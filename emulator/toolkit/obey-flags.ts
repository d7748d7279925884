import { TrainerStopped } from './trainer-errors.ts';
import type { Run } from './run.ts';

/**
 * What the trainer does after each step, and before and after each save and sample: see whether the row tells it to
 * end.
 */
export function obeyFlags({ job, config }: Run): void {
  if (!config.reportsProgress) return;
  if (job.stop) {
    Object.assign(job, { status: 'stopped', info: 'Job stopped' });
    throw new TrainerStopped();
  }
  if (job.return_to_queue) {
    Object.assign(job, { status: 'queued', info: 'Job queued' });
    throw new TrainerStopped();
  }
}
