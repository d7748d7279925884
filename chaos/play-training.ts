/**
 * One training of a run: started as a client does it, disturbed as the plan says, followed to the end of its workflow.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { DestinationKind } from '../core/destination.ts';
import { shortTrainingId } from '../core/names.ts';
import { trainingWorkflowId } from '../workflows/contract.ts';
import { CLOSED } from './act-kinds.ts';
import { perform } from './acts.ts';
import type { ActRecord } from './acts.ts';
import { RECIPE } from './fault-kinds.ts';
import type { WorldFault } from './fault-kinds.ts';
import type { Monitor } from './monitor.ts';
import { CHAOS_INTERVALS } from './pace.ts';
import { patiently } from './patience.ts';
import type { PlannedAct, PlannedTraining } from './plan.ts';
import type { ChaosStack } from './stack.ts';

export interface PlayedTraining {
  readonly planned: PlannedTraining;
  readonly id: string;
  readonly repo: string;
  readonly destinations: readonly DestinationKind[];
  readonly acts: readonly ActRecord[];
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

/** Far more than the plan can cause; a training that keeps failing is cancelled and reported. */
const MOST_FAILURES = 3;
/**
 * A paused training is resumed after this long, and again while it stays paused: an earlier request may have been
 * undone. Milliseconds.
 */
const RESUME = { afterMs: 400, withPlannedAfterMs: 2_500, againMs: 2_000 } as const;
/** More than any training costs. Dollars. */
const CEILING_USD = 50;

/** Plays it; settles when the workflow is closed or the monitor stops. */
export async function playTraining(params: PlayParams): Promise<PlayedTraining> {
  const { stack, planned, datasetId, seed } = params;
  const repo = `tempera-demo/chaos-${seed}-${planned.index}`;
  const destinations = destinationsOf(stack, planned);
  const id = await start(stack, { planned, datasetId, repo, seed, destinations });
  const faultIds: (readonly string[])[] = [];
  for (const fault of planned.faults)
    faultIds.push(await stack.world.addFault(fault.faults.map((one) => addressed(one, id, repo))));
  params.onStarted();
  const ended = new AbortController();
  const acting = planned.acts
    .filter(({ phase }) => phase !== CLOSED)
    .map((planned) => act(params, id, planned, ended.signal));
  const failures = await follow(params, id);
  ended.abort();
  const acts = (await Promise.all(acting)).flat();
  for (const later of planned.acts.filter(({ phase }) => phase === CLOSED))
    acts.push(...(await perform(stack, id, later)));
  // A reset reopens a run, even one that comes just after its end.
  if (acts.some(({ verb, taken }) => verb === 'reset' && taken)) failures.push(...(await follow(params, id)));
  return { planned, id, repo, destinations, acts, faultIds, failures };
}

/** Without an S3 server everything goes to the hub. */
function destinationsOf({ store }: ChaosStack, { request }: PlannedTraining): readonly DestinationKind[] {
  return store.published === null ? ['huggingface'] : request.destinations;
}

interface Start {
  readonly planned: PlannedTraining;
  readonly datasetId: string;
  readonly repo: string;
  readonly seed: number;
  readonly destinations: readonly DestinationKind[];
}

async function start({ client }: ChaosStack, start: Start): Promise<string> {
  const { planned, datasetId, repo, seed, destinations } = start;
  const { baseModel, samples, ceiling } = planned.request;
  const body = {
    name: `chaos ${planned.index}`,
    datasetId,
    baseModel,
    triggerWord: 'ohwx',
    recipe: { ...RECIPE, sampleInterval: samples ? RECIPE.checkpointInterval : 0 },
    destinations: destinations.map((kind) => (kind === 's3' ? { kind } : { kind, repo })),
    ...(ceiling ? { maxCostUsd: CEILING_USD } : {}),
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

/** Nothing when the training was over before its moment came. */
async function act(
  { stack, monitor }: PlayParams,
  id: string,
  planned: PlannedAct,
  ended: AbortSignal,
): Promise<ActRecord[]> {
  const isOver = new Promise<null>((done) => ended.addEventListener('abort', () => done(null), { once: true }));
  const seen = await Promise.race([
    isOver,
    monitor.until(id, ({ status, phase }) => phase === planned.phase || status === 'ready' || status === 'cancelled'),
  ]);
  if (seen === null || seen.phase !== planned.phase) return [];
  await sleep(planned.afterMs);
  return await perform(stack, id, planned);
}

/**
 * Follows the row and the workflow; one that is paused is resumed, and one that has failed by the policy is given its
 * retry.
 */
async function follow(params: PlayParams, id: string): Promise<string[]> {
  const { stack, monitor, signal } = params;
  const failures: string[] = [];
  for (;;) {
    const seen = await monitor.until(
      id,
      ({ status, phase }) => ['ready', 'cancelled', 'failed'].includes(status) || ['done', 'paused'].includes(phase),
    );
    if (seen === null) return failures;
    if (seen.phase === 'paused') {
      await resume(params, id);
      continue;
    }
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

async function resume({ stack, monitor, planned }: PlayParams, id: string): Promise<void> {
  const isPlanned = planned.acts.some(({ verbs, phase }) => phase === 'paused' && verbs[0]?.verb === 'resume');
  await sleep(isPlanned ? RESUME.withPlannedAfterMs : RESUME.afterMs);
  await stack.client.post(`/v1/trainings/${id}/resume`);
  await Promise.race([monitor.until(id, ({ phase }) => phase !== 'paused'), sleep(RESUME.againMs)]);
}

async function untilClosed({ workflows }: ChaosStack, id: string, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const { status } = await patiently(() => workflows.getHandle(trainingWorkflowId(id)).describe());
    if (status.name !== 'RUNNING') return;
    await sleep(200);
  }
}
