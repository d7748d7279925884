import type { Client } from '@temporalio/client';

/** From this try on a step is worth a line. */
const TRIES = 4;

/**
 * What workflows are still waiting for when their tests are over, a line each: a test that was cut off by its time limit
 * says nothing about the step that was tried again and again.
 */
export async function repeatedSteps({ workflow }: Client, taskQueue: string): Promise<string[]> {
  const lines: string[] = [];
  for await (const { workflowId } of workflow.list({
    query: `TaskQueue = '${taskQueue}' AND ExecutionStatus = 'Running'`,
  })) {
    const { raw } = await workflow.getHandle(workflowId).describe();
    for (const { activityType, attempt, lastFailure } of raw.pendingActivities ?? [])
      if ((attempt ?? 0) >= TRIES)
        lines.push(`${workflowId}: ${activityType?.name} is at try ${attempt}: ${lastFailure?.message}`);
  }
  return lines;
}
