/** What a training's workflow history says about time: when each activity was scheduled, started and closed. */
import type { Client, WorkflowHandle } from '@temporalio/client';
import { trainingWorkflowId } from '../workflows/contract.ts';

/** One activity. Epoch milliseconds, by the server's clock. */
export interface StepTimes {
  readonly name: string;
  readonly scheduledAt: number;
  readonly startedAt: number;
  readonly closedAt: number;
}

interface Timestamp {
  readonly seconds?: { toString(): string } | null;
  readonly nanos?: number | null;
}

type Events = NonNullable<Awaited<ReturnType<WorkflowHandle['fetchHistory']>>['events']>;

/** Every event of a training's workflow. */
export async function eventsOf(client: Client, trainingId: string): Promise<Events> {
  return (await client.workflow.getHandle(trainingWorkflowId(trainingId)).fetchHistory()).events ?? [];
}

/**
 * What Temporal Cloud would bill for a history (docs.temporal.io/cloud/actions): starts, activities, timers, signals,
 * search attributes and markers. Heartbeats and repeated tries of an activity leave no event and are not counted.
 */
export function actionsOf(events: Events): number {
  return events.filter(
    (event) =>
      event.workflowExecutionStartedEventAttributes ??
      event.activityTaskScheduledEventAttributes ??
      event.timerStartedEventAttributes ??
      event.workflowExecutionSignaledEventAttributes ??
      event.upsertWorkflowSearchAttributesEventAttributes ??
      event.markerRecordedEventAttributes,
  ).length;
}

/** All activities of a training in the order in which they were scheduled, and the start of the workflow. */
export async function stepsOf(
  client: Client,
  trainingId: string,
): Promise<{ readonly startedAt: number; readonly steps: readonly StepTimes[] }> {
  const events = await eventsOf(client, trainingId);
  const open = new Map<string, { name: string; scheduledAt: number; startedAt: number }>();
  const steps: StepTimes[] = [];
  let startedAt = 0;
  for (const event of events) {
    const at = milliseconds(event.eventTime);
    if (event.workflowExecutionStartedEventAttributes) startedAt = at;
    const scheduled = event.activityTaskScheduledEventAttributes;
    if (scheduled)
      open.set(String(event.eventId), { name: scheduled.activityType?.name ?? '?', scheduledAt: at, startedAt: at });
    const begun = event.activityTaskStartedEventAttributes;
    if (begun) Object.assign(open.get(String(begun.scheduledEventId)) ?? {}, { startedAt: at });
    const closed = event.activityTaskCompletedEventAttributes ?? event.activityTaskFailedEventAttributes;
    const step = closed ? open.get(String(closed.scheduledEventId)) : undefined;
    if (step) steps.push({ ...step, closedAt: at });
  }
  return { startedAt, steps: steps.toSorted((a, b) => a.scheduledAt - b.scheduledAt) };
}

function milliseconds(time: Timestamp | null | undefined): number {
  return Number(time?.seconds ?? 0) * 1_000 + (time?.nanos ?? 0) / 1e6;
}
