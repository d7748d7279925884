/** The outbox: the only place that writes events and reads them. */
import { knownPayload } from '../../core/event.ts';
import type { EventTopic, TrainingEvent } from '../../core/event.ts';
import type { Database, Transaction } from '../client.ts';

/** An event of the catalogue, and what sets it apart from others of its topic. */
export type NewEvent = TrainingEvent & {
  /** An event with the same occurrence, of the same training, is stored once. */
  readonly occurrence: string;
};

interface About {
  readonly trainingId: string;
  readonly userId: string;
}

/** Writes an event in the transaction of the change that it tells of, unless it was written before. */
export async function writeEvent(transaction: Transaction, about: About, event: NewEvent): Promise<void> {
  const { trainingId, userId } = about;
  const { topic, payload, occurrence } = event;
  const row = { topic, userId, loraModelId: trainingId, dedupeKey: `${trainingId}:${occurrence}`, payload };
  await transaction.outboxEvent.createMany({ data: [row], skipDuplicates: true });
}

/** Number of events of a topic that a training has had. */
export async function countEvents(transaction: Transaction, trainingId: string, topic: EventTopic): Promise<number> {
  return await transaction.outboxEvent.count({ where: { loraModelId: trainingId, topic } });
}

/** A row that is read may be older or newer than the catalogue. */
export interface StoredEvent {
  readonly seq: bigint;
  readonly topic: string;
  readonly createdAt: Date;
  /** Only what the catalogue knows. */
  readonly payload: Readonly<Record<string, unknown>>;
}

/** Events of a training after a sequence number, oldest first. */
export async function eventsAfter(
  database: Database,
  trainingId: string,
  afterSeq: bigint,
  limit = 100,
): Promise<StoredEvent[]> {
  const rows = await database.outboxEvent.findMany({
    where: { loraModelId: trainingId, seq: { gt: afterSeq } },
    orderBy: { seq: 'asc' },
    take: limit,
  });
  return rows.map(({ seq, topic, createdAt, payload }) => ({
    seq,
    topic,
    createdAt,
    payload: knownPayload(topic, payload as Readonly<Record<string, unknown>>),
  }));
}
