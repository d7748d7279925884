/** Carries out what people do: over the API where it has a route, else with Temporal's own client. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { trainingWorkflowId } from '../workflows/contract.ts';
import type { Verb } from './act-kinds.ts';
import type { PlannedAct } from './plan.ts';
import type { ChaosStack } from './stack.ts';

export interface ActRecord {
  readonly kind: string;
  readonly verb: Verb;
  /** True when it was accepted. */
  readonly taken: boolean;
  /** Epoch milliseconds. */
  readonly atMs: number;
}

/** gRPC: invalid argument, not found, already exists, failed precondition. Everything else may pass. */
const REFUSALS = new Set([3, 5, 6, 9]);
/** Dollars by which every raise goes up; far more than any training costs. */
const RAISE_USD = 10;

/** Sends every request of one act. */
export async function perform(stack: ChaosStack, id: string, act: PlannedAct): Promise<ActRecord[]> {
  const records: ActRecord[] = [];
  for (const { verb, afterMs } of act.verbs) {
    await sleep(afterMs);
    records.push({ kind: act.kind, verb, taken: await say(stack, id, { verb, act }), atMs: Date.now() });
  }
  return records;
}

async function say(
  stack: ChaosStack,
  id: string,
  { verb, act }: { readonly verb: Verb; readonly act: PlannedAct },
): Promise<boolean> {
  const { client } = stack;
  switch (verb) {
    case 'terminate':
      return await ofTemporal(() => handleOf(stack, id).terminate('chaos'));
    case 'reset':
      return await ofTemporal(() => reset(stack, id, act.resetAt));
    case 'raise':
      return await ofApi(async () => {
        const { body } = await client.get<{ budget: { ceilingMicroUsd: number | null } }>(`/v1/trainings/${id}`);
        const maxCostUsd = (body.budget.ceilingMicroUsd ?? 0) / 1_000_000 + RAISE_USD;
        return (await client.post(`/v1/trainings/${id}/budget`, { maxCostUsd })).status;
      });
    default:
      return await ofApi(async () => (await client.post(`/v1/trainings/${id}/${verb}`)).status);
  }
}

/** False when the API refuses, or is down for longer than a person would wait. */
async function ofApi(ask: () => Promise<number>): Promise<boolean> {
  try {
    const status = await ask();
    return status >= 200 && status < 300;
  } catch {
    return false;
  }
}

/**
 * False when Temporal refuses; repeated while its server is down, which is one of the things that are done on purpose.
 */
async function ofTemporal(ask: () => Promise<unknown>): Promise<boolean> {
  for (;;) {
    try {
      await ask();
      return true;
    } catch (error) {
      if (error instanceof Error && error.name === 'WorkflowNotFoundError') return false;
      if (REFUSALS.has((error as { code?: number }).code ?? -1)) return false;
      await sleep(500);
    }
  }
}

/** As the Web UI does it: the latest run continues from one of its workflow tasks. */
async function reset(stack: ChaosStack, id: string, share: number): Promise<void> {
  const { runId } = await handleOf(stack, id).describe();
  const { events } = await stack.workflows.getHandle(trainingWorkflowId(id), runId).fetchHistory();
  const points = (events ?? []).filter((event) => event.workflowTaskCompletedEventAttributes);
  const point = points[Math.floor(share * points.length)];
  if (point === undefined) throw Object.assign(new Error('This run has no moment to go back to'), { code: 9 });
  await stack.temporalService.resetWorkflowExecution({
    namespace: stack.temporal.namespace,
    workflowExecution: { workflowId: trainingWorkflowId(id), runId },
    reason: 'chaos',
    workflowTaskFinishEventId: point.eventId,
    requestId: randomUUID(),
  });
}

function handleOf({ workflows }: ChaosStack, id: string) {
  return workflows.getHandle(trainingWorkflowId(id));
}
