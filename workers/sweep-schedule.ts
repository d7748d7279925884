import { ScheduleAlreadyRunning, ScheduleOverlapPolicy } from '@temporalio/client';
import type { Client, ScheduleOptions } from '@temporalio/client';
import type { Settings } from '../config/env.ts';
import { SWEEP_PODS_WORKFLOW } from '../workflows/contract.ts';
import type { SweepPodsInput, TaskQueues } from '../workflows/contract.ts';

/**
 * A sweep whose worker died must not hold up the next ones for longer than their interval; less is noise on a busy
 * machine. Milliseconds.
 */
const HEARTBEAT_LIMITS = { least: 5_000, most: 60_000 };

/** Creates the sweeper's schedule, or updates an existing one to the current settings. Safe to call at every start. */
export async function ensureSweepSchedule(
  client: Client,
  settings: Pick<Settings, 'environment' | 'sweep'>,
  queues: TaskQueues,
): Promise<void> {
  const scheduleId = `lora-sweep-${settings.environment}`;
  const { intervalMs, graceMs, settleAfterMs, quietAfterMs } = settings.sweep;
  const input: SweepPodsInput = {
    graceMs,
    intervalMs,
    settleAfterMs,
    quietAfterMs,
    heartbeatTimeoutMs: Math.min(HEARTBEAT_LIMITS.most, Math.max(HEARTBEAT_LIMITS.least, intervalMs)),
    taskQueue: queues.io,
  };
  const options = {
    spec: { intervals: [{ every: intervalMs }] },
    action: {
      type: 'startWorkflow',
      workflowType: SWEEP_PODS_WORKFLOW,
      workflowId: scheduleId,
      taskQueue: queues.workflow,
      args: [input],
    },
    // A missed sweep is not made up for: the next one sees the same pods.
    policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: intervalMs },
  } satisfies Omit<ScheduleOptions, 'scheduleId'>;
  try {
    await client.schedule.create({ scheduleId, ...options });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    await client.schedule.getHandle(scheduleId).update((current) => ({ ...current, ...options, state: current.state }));
  }
}
