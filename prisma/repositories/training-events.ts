/** Reading side of the outbox: what happened to one training, in order. */
import type { Database } from '../client.ts';
import type { OutboxEvent } from '../generated/client.ts';

/** Events of a training after a sequence number, oldest first. */
export async function eventsAfter(
  database: Database,
  trainingId: string,
  afterSeq: bigint,
  limit = 100,
): Promise<OutboxEvent[]> {
  return database.outboxEvent.findMany({
    where: { loraModelId: trainingId, seq: { gt: afterSeq } },
    orderBy: { seq: 'asc' },
    take: limit,
  });
}
