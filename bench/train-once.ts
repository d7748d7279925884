import { randomUUID } from 'node:crypto';
import type { TrainingView } from '../api/schemas/trainings.ts';
import { linkSignals } from '../core/time-limit.ts';
import type { BenchStack } from './bench-stack.ts';
import { stepsOf } from './history.ts';
import type { StepTimes } from './history.ts';

/** Far longer than one may take: a stack that hangs must not block the benchmark. */
const TRAINING_LIMIT_MS = 120_000;

export interface TimedTraining {
  readonly id: string;
  /** Epoch milliseconds: the call was sent, its answer was there, the workflow began, the training was `ready`. */
  readonly calledAt: number;
  readonly answeredAt: number;
  readonly workflowStartedAt: number;
  readonly completedAt: number;
  readonly steps: readonly StepTimes[];
}

/** A step of this name; throws when there is none. */
export function stepOf({ id, steps }: TimedTraining, name: string): StepTimes {
  const found = steps.find((one) => one.name === name);
  if (!found) throw new Error(`Training ${id} has no step ${name}`);
  return found;
}

/** One training through the API with everything at its default, and when each part of it happened. */
export async function trainOnce(
  stack: BenchStack,
  body: { readonly datasetId: string } & Record<string, unknown>,
  limitMs = TRAINING_LIMIT_MS,
): Promise<TimedTraining> {
  const calledAt = Date.now();
  const { id } = await stack.api.startTraining(
    { name: 'bench', baseModel: 'flux', triggerWord: 'ohwx', ...body },
    randomUUID(),
  );
  const answeredAt = Date.now();
  const training = await untilEnd(stack, id, limitMs);
  if (training.status !== 'ready')
    throw new Error(`Training ${id} is ${training.status}: ${training.reason} ${training.message}`);
  // Closed a moment after the row says `ready`.
  await stack.temporal.workflow.getHandle(`lora-training/${id}`).result();
  const { startedAt, steps } = await stepsOf(stack.temporal, id);
  return {
    id,
    calledAt,
    answeredAt,
    workflowStartedAt: startedAt,
    completedAt: Date.parse(training.completedAt ?? ''),
    steps,
  };
}

/** Waits on the event stream, as a client would. */
async function untilEnd({ api }: BenchStack, id: string, limitMs: number): Promise<TrainingView> {
  const stop = new AbortController();
  const limit = linkSignals([stop.signal], limitMs);
  try {
    for await (const item of api.events(id, limit.signal)) {
      if (item.kind === 'event' && /^training\.(?:ready|failed|cancelled)$/.test(item.topic)) break;
    }
  } finally {
    stop.abort();
  }
  return await api.training(id);
}
