/** Reset, as the Web UI does it. */
import { randomUUID } from 'node:crypto';
import { trainingWorkflowId } from '../../workflows/contract.ts';
import type { Installation } from './installation.ts';

/** Ids of the events that the latest run of a training can be reset to, with that run's id. */
export async function resetPointsOf(
  { handle }: Installation,
  id: string,
): Promise<{ runId: string; eventIds: number[] }> {
  const { runId } = await handle(id).describe();
  const { events } = await handle(id).fetchHistory();
  const tasks = (events ?? []).filter((event) => event.workflowTaskCompletedEventAttributes);
  return { runId, eventIds: tasks.map((event) => Number(event.eventId)) };
}

/** Resets a run to an event; answers a handle of the new run. */
export async function resetRun(
  { temporal }: Installation,
  { id, runId, eventId }: { readonly id: string; readonly runId: string; readonly eventId: number },
) {
  const workflowId = trainingWorkflowId(id);
  const made = await temporal.workflowService.resetWorkflowExecution({
    namespace: temporal.options.namespace,
    workflowExecution: { workflowId, runId },
    reason: 'test',
    workflowTaskFinishEventId: eventId as never,
    requestId: randomUUID(),
  });
  return temporal.workflow.getHandle(workflowId, made.runId);
}
