/** One sweep over all pods. A schedule starts it every two minutes. */
import { proxyActivities } from '@temporalio/workflow';
import type { IoActivities } from '../activities/io.ts';
import type { SweepReport } from '../activities/sweep-pods.ts';
import { TASK_QUEUES } from './contract.ts';
import type { SweepPodsInput } from './contract.ts';

/** The next sweep makes up for a failed one, so retries last no longer than the schedule's interval. */
export async function sweepPodsWorkflow(input: SweepPodsInput): Promise<SweepReport> {
  const { taskQueue = TASK_QUEUES.io, heartbeatTimeoutMs = 60_000, ...limits } = input;
  const { intervalMs = 120_000 } = input;
  const { sweepPods } = proxyActivities<IoActivities>({
    taskQueue,
    startToCloseTimeout: '5 minutes',
    heartbeatTimeout: heartbeatTimeoutMs,
    scheduleToCloseTimeout: '5 minutes',
    // While it is retried, the schedule starts no other sweep: the pauses must be short compared with the schedule's
    // interval.
    retry: { initialInterval: Math.min(5_000, intervalMs / 5), maximumInterval: Math.min(30_000, intervalMs) },
    summary: 'account for every pod',
  });
  return await sweepPods(limits);
}
