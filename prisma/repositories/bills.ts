/** What pods have cost: bills come late and in parts, and change totals that have been booked. */
import { microUsdToCents } from '../../core/money.ts';
import type { Database, Transaction } from '../client.ts';
import type { Prisma } from '../generated/client.ts';
import { lockedCost } from './ledger-cost.ts';
import { settleMoneyIn } from './money.ts';

/** Pods that ended before `before` and whose bill is not final, least recently queried first. */
export async function unsettledPods(
  database: Database,
  before: Date,
  limit: number,
): Promise<{ name: string; externalId: string; createdAt: Date }[]> {
  const rows = await database.pod.findMany({
    where: {
      costSettled: false,
      externalId: { not: null },
      createdAt: { not: null },
      // A pod without a final bill after a week will never have one.
      terminatedAt: { lt: before, gt: new Date(before.getTime() - 7 * 86_400_000) },
      OR: [{ billAskedAt: null }, { billAskedAt: { lt: before } }],
    },
    select: { name: true, externalId: true, createdAt: true },
    orderBy: [{ billAskedAt: { sort: 'asc', nulls: 'first' } }, { terminatedAt: 'asc' }],
    take: limit,
  });
  return rows.map((row) => ({ name: row.name, externalId: row.externalId!, createdAt: row.createdAt! }));
}

/** Books a pod that the sweeper has closed: in the ledger of money and, if the training has ended, in its total. */
export async function bookClosed(database: Database, trainingId: string): Promise<void> {
  await database.$transaction(async (transaction) => {
    // The user's row is locked before the training's, as everywhere.
    await settleMoneyIn(transaction, trainingId, { keepReserved: true });
    await bookTotal(transaction, { id: trainingId, status: { in: ['ready', 'failed', 'cancelled'] } });
  });
}

/** Writes what its pods have cost to a training's row, if the row matches. */
async function bookTotal(
  transaction: Transaction,
  where: Prisma.LoraModelWhereInput & { readonly id: string },
): Promise<void> {
  const total = await lockedCost(transaction, where.id);
  await transaction.loraModel.updateMany({
    where,
    data: { costMicroUsd: total, trainingCost: microUsdToCents(total) },
  });
}

/**
 * Records what the vendor says a pod has cost, null for nothing yet, and returns whether that is final: bills arrive
 * late and in parts, so one is final when the previous query found the same. Until then the greater of estimate and
 * bill counts, in both ledgers and in the training's total.
 */
export async function recordBill(database: Database, name: string, billMicroUsd: number | null): Promise<boolean> {
  return await database.$transaction(async (transaction) => {
    if (billMicroUsd === null) {
      await transaction.pod.update({ where: { name }, data: { billAskedAt: new Date() } });
      return false;
    }
    const bill = BigInt(billMicroUsd);
    const select = { billMicroUsd: true, costMicroUsd: true } as const;
    const before = await transaction.pod.findUniqueOrThrow({ where: { name }, select });
    const costSettled = before.billMicroUsd === bill;
    const costMicroUsd = costSettled || bill > before.costMicroUsd ? bill : before.costMicroUsd;
    const pod = await transaction.pod.update({
      where: { name },
      data: { costMicroUsd, costSettled, billMicroUsd: bill, billAskedAt: new Date() },
      select: { attempt: { select: { loraModelId: true } } },
    });
    const { loraModelId } = pod.attempt;
    // As above.
    await settleMoneyIn(transaction, loraModelId, { keepReserved: true });
    await bookTotal(transaction, { id: loraModelId });
    return costSettled;
  });
}
