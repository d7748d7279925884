/** Totals of the ledger of pods. */
import type { Prisma } from '../generated/client.ts';

/**
 * What all pods of a training, or of one attempt of it, have cost so far according to the ledger. Micro-dollars;
 * running pods do not count yet.
 */
export async function ledgerCost(
  database: Prisma.TransactionClient,
  trainingId: string,
  attempt?: number,
): Promise<number> {
  const sum = await database.pod.aggregate({
    where: { attempt: { loraModelId: trainingId, ...(attempt === undefined ? {} : { number: attempt }) } },
    _sum: { costMicroUsd: true },
  });
  return Number(sum._sum.costMicroUsd ?? 0n);
}

/**
 * The same for a whole training, with its row locked: a bill that is settled meanwhile is neither missed nor
 * overwritten.
 */
export async function lockedCost(transaction: Prisma.TransactionClient, trainingId: string): Promise<number> {
  await transaction.$queryRaw`SELECT id FROM lora_models WHERE id = ${trainingId}::uuid FOR NO KEY UPDATE`;
  return await ledgerCost(transaction, trainingId);
}
