/** One training of a run: started as a client does it, disturbed as the plan says, followed to the end of its workflow. */
import { setTimeout as sleep } from 'node:timers/promises';
import { shortTrainingId } from '../core/names.ts';
import { trainingWorkflowId } from '../workflows/contract.ts';
import { RECIPE } from './fault-kinds.ts';
import type { WorldFault } from './fault-kinds.ts';
import type { Monitor } from './monitor.ts';
import { CHAOS_INTERVALS } from './pace.ts';
import type { Action, PlannedAction, PlannedTraining } from './plan.ts';
import type { ChaosStack } from './stack.ts';

export interface ActionRecord {
  readonly action: Action;
  /** True when it was accepted. */
  readonly taken: boolean;
  /** Epoch milliseconds. */
  readonly atMs: number;
}

export interface PlayedTraining {
  readonly planned: PlannedTraining;
  readonly id: string;
  readonly repo: string;
  readonly actions: readonly ActionRecord[];
  /** Ids of the armed faults, in the order of the plan. */
  readonly faultIds: readonly (readonly string[])[];
  /** Reasons of the times it failed and was retried by the run itself. */
  readonly failures: readonly string[];
}

interface PlayParams {
  readonly stack: ChaosStack;
  readonly monitor: Monitor;
  readonly planned: PlannedTraining;
  readonly datasetId: string;
  readonly seed: number;
  readonly onStarted: () => void;
  /** Ends the waiting for a workflow that does not close. */
  readonly signal: AbortSignal;
}

/** Far more than the plan can cause; a training that goes on failing is cancelled and reported. */
const MOST_FAILURES = 3;

/** Plays it; settles when the workflow is closed or the monitor stops. */
export async function playTraining(params: PlayParams): Promise<PlayedTraining> {
  const { stack, planned, datasetId, seed } = params;
  const repo = `tempera-demo/chaos-${seed}-${planned.index}`;
  const id = await start(stack, { planned, datasetId, repo, seed });
  const faultIds: (readonly string[])[] = [];
  for (const fault of planned.faults)
    faultIds.push(await stack.world.addFaults(fault.faults.map((one) => addressed(one, id, repo))));
  params.onStarted();
  const ended = new AbortController();
  const acting = planned.actions.map((action) => act(params, id, action, ended.signal));
  const failures = await follow(params, id);
  ended.abort();
  const actions = (await Promise.all(acting)).filter((record) => record !== null);
  return { planned, id, repo, actions, faultIds, failures };
}

async function start(
  { client }: ChaosStack,
  { planned, datasetId, repo, seed }: { planned: PlannedTraining; datasetId: string; repo: string; seed: number },
): Promise<string> {
  const body = {
    name: `chaos ${planned.index}`,
    datasetId,
    baseModel: 'z-image-turbo',
    triggerWord: 'ohwx',
    recipe: { ...RECIPE, sampleInterval: 0 },
    destinations: [{ kind: 'huggingface', repo }],
    intervals: CHAOS_INTERVALS,
  };
  const { status, body: answer } = await client.post<{ id: string; message?: string }>('/v1/trainings', body, {
    'idempotency-key': `chaos-${seed}-${planned.index}`,
  });
  if (status !== 200 && status !== 201) throw new Error(`A training was refused: ${status} ${JSON.stringify(answer)}`);
  return answer.id;
}

function addressed(fault: WorldFault, id: string, repo: string): WorldFault {
  if (fault.match === undefined) return fault;
  const fill = (text: string) =>
    text.replace('{training}', shortTrainingId(id)).replace('{repo}', repo.replace('/', '(/|%2F)'));
  return { ...fault, match: Object.fromEntries(Object.entries(fault.match).map(([key, text]) => [key, fill(text)])) };
}

/** Null when the training was over before its moment came. */
async function act(
  { stack, monitor }: PlayParams,
  id: string,
  { action, phase, afterMs }: PlannedAction,
  ended: AbortSignal,
): Promise<ActionRecord | null> {
  const isOver = new Promise<null>((done) => ended.addEventListener('abort', () => done(null), { once: true }));
  const seen = await Promise.race([
    isOver,
    monitor.until(id, ({ status, phase: now }) => now === phase || (status !== 'training' && status !== 'pending')),
  ]);
  if (seen === null || seen.phase !== phase) return null;
  await sleep(afterMs);
  return { action, taken: await perform(stack, id, action), atMs: Date.now() };
}

async function perform({ client, workflows }: ChaosStack, id: string, action: Action): Promise<boolean> {
  if (action !== 'terminate') return (await client.post(`/v1/trainings/${id}/${action}`)).status === 202;
  for (;;) {
    try {
      await workflows.getHandle(trainingWorkflowId(id)).terminate('chaos');
      return true;
    } catch (error) {
      if (error instanceof Error && error.name === 'WorkflowNotFoundError') return false;
      // The Temporal server is one of the things that are broken on purpose.
      await sleep(500);
    }
  }
}

/** Follows the row and the workflow; a training that has failed by the policy is given its retry. */
async function follow({ stack, monitor, signal }: PlayParams, id: string): Promise<string[]> {
  const failures: string[] = [];
  for (;;) {
    const seen = await monitor.until(
      id,
      ({ status, phase }) => status === 'ready' || status === 'cancelled' || status === 'failed' || phase === 'done',
    );
    if (seen === null) return failures;
    if (seen.status !== 'failed' || seen.phase !== 'awaiting_retry') break;
    const row = await patiently(() => stack.rows.loraModel.findUnique({ where: { id }, select: { reason: true } }));
    failures.push(row?.reason ?? 'unknown');
    const verb = failures.length > MOST_FAILURES ? 'cancel' : 'retry';
    await stack.client.post(`/v1/trainings/${id}/${verb}`);
    if ((await monitor.until(id, ({ phase }) => phase !== 'awaiting_retry')) === null) return failures;
  }
  await untilClosed(stack, id, signal);
  return failures;
}

async function untilClosed({ workflows }: ChaosStack, id: string, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const { status } = await patiently(() => workflows.getHandle(trainingWorkflowId(id)).describe());
    if (status.name !== 'RUNNING') return;
    await sleep(200);
  }
}

/** Repeats a question to a server that may be down for a moment. */
export async function patiently<T>(ask: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await ask();
    } catch (error) {
      if (tries === 60) throw error;
      await sleep(500);
    }
  }
}
