/**
 * Everything that is told about a training: one closed catalogue of topics and what each carries. The outbox
 * (prisma/repositories/outbox.ts) writes nothing else, and docs/events.md is rendered from it.
 *
 * Payloads are for people who follow a training: no secret, no photo, and no pod, because anyone who knows a pod's id
 * can reach its trainer.
 */
import { DESTINATION_KINDS } from './destination.ts';
import type { FailureCode } from './failure.ts';
import { TRAINING_PHASES } from './status.ts';

/** One value of a payload. */
export interface EventField<Value = string | number | null> {
  /** Its type, for the document. */
  readonly type: string;
  readonly meaning: string;
  /** Carries the type of the value; never set. */
  readonly value?: Value;
}

/** Names that would give a pod away. */
type PodName = `pod${string}` | `${string}PodId` | 'externalId';

interface EventFacts {
  readonly meaning: string;
  /** What distinguishes two events of this topic: a change that is written again gives no second one. */
  readonly once: string;
  readonly payload: Readonly<Record<string, EventField>> & { readonly [Name in PodName]?: never };
  /** Nothing happens after it. */
  readonly isLast?: true;
}

const text = (meaning: string): EventField<string> => ({ type: 'text', meaning });
const time = (meaning: string): EventField<string> => ({ type: 'ISO 8601', meaning });
const whole = (meaning: string): EventField<number> => ({ type: 'whole number', meaning });
const word = <const Words extends readonly string[]>(words: Words, meaning: string): EventField<Words[number]> => ({
  type: words.map((one) => `\`${one}\``).join(', '),
  meaning,
});
const code = (meaning: string): EventField<FailureCode> => ({
  type: 'a code of the [failure policy](failure-policy.md)',
  meaning,
});
const orNull = <Value>({ type, meaning }: EventField<Value>): EventField<Value | null> => ({
  type: `${type}, or null`,
  meaning,
});

const ATTEMPT = whole('Number of the attempt, from 1.');
const COST = whole('What the training has cost so far. Millionths of a dollar.');
const LOST = {
  lostSteps: whole('Steps that an earlier attempt had trained and this one trains again.'),
  lostMs: whole('How long they took. Milliseconds.'),
  lostMicroUsd: whole('What they cost in rent. Millionths of a dollar.'),
} as const;
const ENDED = {
  reason: code('Why it ended.'),
  message: text('The same for a person.'),
  costMicroUsd: COST,
  awaitsRetryUntil: orNull(time('Until when a retry is possible; null: it is not.')),
} as const;

export const EVENTS = {
  'training.queued': {
    meaning: 'The training was accepted.',
    once: 'training',
    payload: {
      trainingId: text('Its id.'),
      status: word(['pending'], 'Its status.'),
      phase: word(['queued'], 'Its phase.'),
    },
  },
  'training.started': { meaning: 'A worker has taken it up.', once: 'training', payload: {} },
  'training.phase': {
    meaning: 'It has entered a phase.',
    once: 'attempt, phase and pod',
    payload: {
      phase: word(TRAINING_PHASES, 'The phase.'),
      attempt: whole('Number of the attempt; 0 before the first.'),
    },
  },
  'training.resumed': {
    meaning: 'An attempt continues from a save.',
    once: 'attempt and way of resuming',
    payload: {
      attempt: ATTEMPT,
      fromStep: whole('The step of the save.'),
      with: word(['restored', 'weights_only'], 'Whether the optimizer’s state came with the weights.'),
      ...LOST,
    },
  },
  'training.restarted': {
    meaning: 'An attempt starts at step 0 although an earlier one had trained.',
    once: 'attempt',
    payload: { attempt: ATTEMPT, why: text('Why there was nothing to resume from, as a sentence.'), ...LOST },
  },
  'training.paused': {
    meaning: 'It is saved and waits, with no pod.',
    once: 'attempt',
    payload: {
      attempt: whole('Number of the attempt that was paused; 0 before the first.'),
      by: text('Who asked for it.'),
      step: orNull(whole('The step of the save that it will resume from; null: this attempt made none.')),
    },
  },
  'training.budget_warning': {
    meaning: 'Nine tenths of its ceiling are spent.',
    once: 'ceiling',
    payload: {
      ceilingMicroUsd: whole('What it may cost in total. Millionths of a dollar.'),
      spentMicroUsd: COST,
    },
  },
  'training.publication_failed': {
    meaning: 'A destination failed for good; the LoRA itself is safe.',
    once: 'destination and failure',
    payload: {
      position: whole('Index in the request’s list of destinations.'),
      target: word(DESTINATION_KINDS, 'The kind of destination.'),
      location: text('Its bucket or repository.'),
      reason: code('Why it failed.'),
      message: text('The same for a person.'),
    },
  },
  'training.ready': {
    meaning: 'The LoRA is in our store and published as far as possible.',
    once: 'attempt',
    payload: { costMicroUsd: COST },
    isLast: true,
  },
  'training.failed': {
    meaning: 'It has ended without a LoRA; it may wait for a retry.',
    once: 'ending',
    payload: ENDED,
  },
  'training.cancelled': {
    meaning: 'It was cancelled, and its pod is confirmed gone.',
    once: 'ending',
    payload: ENDED,
    isLast: true,
  },
} as const satisfies Readonly<Record<`training.${string}`, EventFacts>>;

export type EventTopic = keyof typeof EVENTS;

/** What an event of this topic carries. */
export type EventPayload<Topic extends EventTopic> = {
  readonly [
    Name in keyof (typeof EVENTS)[Topic]['payload']
  ]: (typeof EVENTS)[Topic]['payload'][Name] extends EventField<infer Value> ? Value : never;
};

/** A topic with its payload. */
export type TrainingEvent = {
  [Topic in EventTopic]: { readonly topic: Topic; readonly payload: EventPayload<Topic> };
}[EventTopic];

const factsOf = (topic: string): EventFacts | null =>
  Object.hasOwn(EVENTS, topic) ? EVENTS[topic as EventTopic] : null;

/** Whether nothing happens to a training after an event of this topic. */
export function isLastEvent(topic: string): boolean {
  return factsOf(topic)?.isLast === true;
}

/** The part of a stored payload that the catalogue knows: nothing else leaves the house, whatever a row contains. */
export function knownPayload(
  topic: string,
  payload: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const fields = factsOf(topic)?.payload ?? {};
  return Object.fromEntries(Object.entries(payload).filter(([name]) => Object.hasOwn(fields, name)));
}
