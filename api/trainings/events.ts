/** The live stream of one training: stored events with ids, progress without. */
import { setTimeout as sleep } from 'node:timers/promises';
import { isLastEvent } from '../../core/event.ts';
import { isTerminal } from '../../core/status.ts';
import type { StoredEvent } from '../../prisma/repositories/outbox.ts';
import { isDatabaseUnavailable } from '../database-errors.ts';
import type { ApiDeps } from '../deps.ts';
import type { TrainingView } from '../schemas/trainings.ts';
import { requireTraining } from './read.ts';
import { trainingView } from './view.ts';

interface Follow {
  readonly userId: string;
  readonly trainingId: string;
  /** Sequence number of the last event that the client has seen. */
  readonly after: bigint;
  /** Aborted when the server stops. */
  readonly signal: AbortSignal;
  /** Pause between database polls. Milliseconds, default 500. */
  readonly pollMs?: number;
  /**
   * A comment is sent after this much silence, so that proxies keep the connection open. Milliseconds, default 15,000.
   */
  readonly heartbeatMs?: number;
}

/**
 * How long a client waits before it reconnects: after a dropped connection, and once everything is over. Milliseconds.
 */
const RECONNECT_MS = 2_000;
const RECONNECT_AFTER_END_MS = 60_000;

/** Where a reconnecting client left off; the header that the browser's EventSource sends takes precedence. */
export function resumePoint(lastEventId: string | string[] | undefined, after: string | undefined): bigint {
  const text = typeof lastEventId === 'string' && /^[0-9]{1,18}$/.test(lastEventId) ? lastEventId : after;
  return BigInt(text ?? 0);
}

/**
 * The text of the stream, piece by piece. Ends with the server, and when nothing more will happen by itself: after the
 * last event of a training, and after a failure, which only a person's retry can end.
 */
export async function* followTraining(deps: ApiDeps, follow: Follow): AsyncGenerator<string> {
  const { signal, pollMs = 500, heartbeatMs = 15_000 } = follow;
  let { after } = follow;
  let progress = '';
  let sentAt = Date.now();
  yield `retry: ${RECONNECT_MS}\n\n`;
  while (!signal.aborted) {
    const look = await lookAt(deps, follow, after);
    const pieces = look.events.map(eventText);
    const state = look.view === null ? progress : JSON.stringify(look.view);
    if (state !== progress) pieces.push(`event: progress\ndata: ${state}\n\n`);
    progress = state;
    after = look.events.at(-1)?.seq ?? after;
    if (pieces.length > 0) yield pieces.join('');
    const last = look.events.at(-1);
    if (last !== undefined && isLastEvent(last.topic)) return;
    if (last === undefined && look.view !== null && isOver(look.view)) {
      yield `retry: ${RECONNECT_AFTER_END_MS}\n\n`;
      return;
    }
    if (pieces.length > 0) sentAt = Date.now();
    else if (Date.now() - sentAt >= heartbeatMs) {
      yield ': still here\n\n';
      sentAt = Date.now();
    }
    if (look.events.length === 0) await sleep(pollMs, undefined, { signal }).catch(() => undefined);
  }
}

/** Failed, no retry window, and yet awaiting a retry: one is already on its way. */
function isOver({ status, phase, awaitsRetryUntil }: TrainingView): boolean {
  if (isTerminal(status)) return true;
  return status === 'failed' && (phase !== 'awaiting_retry' || awaitsRetryUntil !== null);
}

interface Look {
  readonly view: TrainingView | null;
  readonly events: readonly StoredEvent[];
}

/** The row is read before the events: when it says that everything is over, all events are there. */
async function lookAt(deps: ApiDeps, { userId, trainingId }: Follow, after: bigint): Promise<Look> {
  try {
    const row = await requireTraining(deps, userId, trainingId);
    const events = await deps.repositories.outbox.eventsAfter(trainingId, after);
    return { view: trainingView(row, deps.settings), events };
  } catch (error) {
    // A brief database outage must not end a stream that may last for hours.
    if (isDatabaseUnavailable(error)) return { view: null, events: [] };
    throw error;
  }
}

function eventText({ seq, topic, createdAt, payload }: StoredEvent): string {
  const data = JSON.stringify({ topic, createdAt: createdAt.toISOString(), payload });
  return `id: ${seq}\nevent: ${topic}\ndata: ${data}\n\n`;
}
