import { ScheduleAlreadyRunning, ScheduleOverlapPolicy } from '@temporalio/client';
import type { Client, ScheduleOptions } from '@temporalio/client';
import type { Settings } from '../config/env.ts';
import { SWEEP_PODS_WORKFLOW, TASK_QUEUES } from '../workflows/contract.ts';
import type { SweepPodsInput } from '../workflows/contract.ts';

/** Makes the sweeper's schedule, or brings an existing one to the current settings. Safe to call at every start. */
export async function ensureSweepSchedule(client: Client, settings: Pick<Settings, 'environment' | 'sweep'>): Promise<void> {
  const scheduleId = `lora-sweep-${settings.environment}`;
  const input: SweepPodsInput = { graceMs: settings.sweep.graceMs };
  const options = {
    spec: { intervals: [{ every: settings.sweep.intervalMs }] },
    action: {
      type: 'startWorkflow',
      workflowType: SWEEP_PODS_WORKFLOW,
      workflowId: scheduleId,
      taskQueue: TASK_QUEUES.workflow,
      args: [input],
    },
    // A missed sweep is not made up for: the next one sees the same pods.
    policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: settings.sweep.intervalMs },
  } satisfies Omit<ScheduleOptions, 'scheduleId'>;
  try {
    await client.schedule.create({ scheduleId, ...options });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    await client.schedule.getHandle(scheduleId).update((current) => ({ ...current, ...options, state: current.state }));
  }
}
