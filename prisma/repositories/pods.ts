/** The ledger of pods: a row is committed before the vendor is asked, and closed only on proof that the pod is gone. */
import { microUsdToCents } from '../../core/money.ts';
import type { Database } from '../client.ts';
import type { Prisma } from '../generated/client.ts';
import { openAttempt } from './attempts.ts';
import { ledgerCost, lockedCost } from './ledger-cost.ts';
import { settleMoneyIn } from './money.ts';

export interface PodRow {
  readonly name: string;
  readonly externalId: string | null;
  readonly gpu: string | null;
  readonly dataCenter: string | null;
  readonly hourlyMicroUsd: number | null;
  readonly createSentAt: Date | null;
  readonly createdAt: Date | null;
  readonly terminatedAt: Date | null;
  readonly costMicroUsd: number;
}

const FIELDS = {
  name: true,
  externalId: true,
  gpu: true,
  dataCenter: true,
  hourlyMicroUsd: true,
  createSentAt: true,
  createdAt: true,
  terminatedAt: true,
  costMicroUsd: true,
} as const;

type Selected = Omit<PodRow, 'costMicroUsd'> & { readonly costMicroUsd: bigint };
const toRow = (row: Selected): PodRow => ({ ...row, costMicroUsd: Number(row.costMicroUsd) });

/** Commits the intent to rent a pod of this name; finds the row when it was committed before. */
export async function reservePod(
  database: Database,
  params: { trainingId: string; attempt: number; name: string },
): Promise<PodRow> {
  const attemptId = await openAttempt(database, params.trainingId, params.attempt);
  const row = await database.pod.upsert({
    where: { name: params.name },
    create: { attemptId, name: params.name },
    update: {},
    select: FIELDS,
  });
  return toRow(row);
}

export async function findPod(database: Database, name: string): Promise<PodRow | null> {
  const row = await database.pod.findUnique({ where: { name }, select: FIELDS });
  return row ? toRow(row) : null;
}

/**
 * Claims the right to send one create call for this name. False while another call of unknown outcome, sent after `staleBefore`,
 * may still make a pod: two claims can never overlap, whatever died in between.
 */
export async function claimCreate(database: Database, name: string, staleBefore: Date): Promise<boolean> {
  const { count } = await database.pod.updateMany({
    where: {
      name,
      externalId: null,
      terminatedAt: null,
      terminateAskedAt: null,
      // A step that was cut off from Temporal and comes back after its attempt has ended rents nothing any more.
      attempt: { endedAt: null },
      OR: [{ createSentAt: null }, { createSentAt: { lt: staleBefore } }],
    },
    data: { createSentAt: new Date() },
  });
  return count === 1;
}

/** The create call was answered with a clear no. */
export async function releaseCreate(database: Database, name: string): Promise<void> {
  await database.pod.updateMany({ where: { name, externalId: null }, data: { createSentAt: null } });
}

interface CreatedPod {
  readonly name: string;
  readonly externalId: string;
  readonly gpu: string | null;
  readonly cloud: string;
  readonly dataCenter: string | null;
  readonly hourlyMicroUsd: number;
  readonly createdAt: Date;
}

export async function recordCreated(database: Database, pod: CreatedPod): Promise<void> {
  // Picked one by one: a vendor's pod handed in whole has an id and a state of its own.
  const { name, externalId, gpu, cloud, dataCenter, hourlyMicroUsd, createdAt } = pod;
  const data = { externalId, gpu, cloud, dataCenter, hourlyMicroUsd, createdAt };
  await database.pod.update({ where: { name }, data: { ...data, state: 'running' } });
}

/**
 * Gives a pod that carries the name of another row a row of its own, and answers that row's name: it is not kept, because it is too dear or a
 * further one of its name, but it bills. Safe to repeat.
 */
export async function recordUnwanted(database: Database, { name, ...pod }: CreatedPod): Promise<string> {
  const { attemptId, requestedAt } = await database.pod.findUniqueOrThrow({ where: { name } });
  const { externalId, gpu, cloud, dataCenter, hourlyMicroUsd, createdAt } = pod;
  const own = `${name}-${externalId}`;
  await database.pod.upsert({
    where: { name: own },
    create: {
      attemptId,
      name: own,
      externalId,
      gpu,
      cloud,
      dataCenter,
      hourlyMicroUsd,
      createdAt,
      state: 'running',
      // Not later than the row's: what is requested later is the pod in use.
      requestedAt,
    },
    update: {},
  });
  return own;
}

export async function recordPodReady(database: Database, name: string): Promise<void> {
  await database.pod.updateMany({ where: { name, readyAt: null }, data: { readyAt: new Date() } });
}

/** From here on nobody may create a pod of this name any more. */
export async function recordTerminateAsked(database: Database, name: string): Promise<void> {
  await database.pod.updateMany({ where: { name, terminateAskedAt: null }, data: { terminateAskedAt: new Date() } });
}

interface TerminatedPod {
  readonly name: string;
  readonly costMicroUsd: number;
  readonly costSettled: boolean;
  readonly note: string;
}

export async function recordTerminated(database: Database, { name, ...data }: TerminatedPod): Promise<void> {
  await database.pod.updateMany({
    where: { name, terminatedAt: null },
    data: { ...data, state: 'terminated', terminatedAt: new Date() },
  });
}

/** Pods of one attempt that are not proven gone. */
export async function openPodsOfAttempt(database: Database, trainingId: string, attempt: number): Promise<PodRow[]> {
  const rows = await database.pod.findMany({
    where: { terminatedAt: null, attempt: { loraModelId: trainingId, number: attempt } },
    select: FIELDS,
    orderBy: { name: 'asc' },
  });
  return rows.map(toRow);
}

export { ledgerCost };

export interface OwnedPod extends PodRow {
  readonly trainingId: string;
  readonly workflowId: string;
  readonly attempt: number;
  /** When a later pod of the same training was reserved; null when this is the latest. */
  readonly supersededAt: Date | null;
}

/** The ledger's word on a pod of this name: whose it is and whether it is that training's latest. */
export async function findOwner(database: Database, name: string): Promise<OwnedPod | null> {
  const row = await database.pod.findUnique({
    where: { name },
    select: {
      ...FIELDS,
      requestedAt: true,
      attempt: { select: { number: true, loraModel: { select: { id: true, workflowId: true } } } },
    },
  });
  if (!row) return null;
  const { attempt, requestedAt, ...fields } = row;
  const training = { loraModelId: attempt.loraModel.id };
  const later = await database.pod.findFirst({
    where: {
      OR: [
        { attempt: { ...training, number: { gt: attempt.number } } },
        { attempt: { ...training, number: attempt.number }, requestedAt: { gt: requestedAt } },
      ],
    },
    orderBy: { requestedAt: 'asc' },
    select: { requestedAt: true },
  });
  return {
    ...toRow(fields),
    trainingId: attempt.loraModel.id,
    workflowId: attempt.loraModel.workflowId,
    attempt: attempt.number,
    supersededAt: later?.requestedAt ?? null,
  };
}

/** Pods that the ledger believes alive and that were asked for before `before`. */
export async function openPods(
  database: Database,
  before: Date,
): Promise<{ readonly name: string; readonly externalId: string | null }[]> {
  return await database.pod.findMany({
    where: { terminatedAt: null, requestedAt: { lt: before } },
    select: { name: true, externalId: true },
    orderBy: { requestedAt: 'asc' },
    take: 1_000,
  });
}

/** Pods that ended before `before` and whose bill is not final: those first that were not asked about for the longest time. */
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
      // What has no final bill after a week will never have one.
      terminatedAt: { lt: before, gt: new Date(before.getTime() - 7 * 86_400_000) },
      OR: [{ billAskedAt: null }, { billAskedAt: { lt: before } }],
    },
    select: { name: true, externalId: true, createdAt: true },
    orderBy: [{ billAskedAt: { sort: 'asc', nulls: 'first' } }, { terminatedAt: 'asc' }],
    take: limit,
  });
  return rows.map((row) => ({ name: row.name, externalId: row.externalId!, createdAt: row.createdAt! }));
}

/** Brings the sum of a training that has ended up to the ledger: a pod of it was closed afterwards, by the sweeper. */
export async function bookCostOfEnded(database: Database, trainingId: string): Promise<void> {
  await database.$transaction((transaction) =>
    bookTotal(transaction, { id: trainingId, status: { in: ['ready', 'failed', 'cancelled'] } }),
  );
}

/** Writes what its pods have cost into the row of a training, as long as the row is so. */
async function bookTotal(
  transaction: Prisma.TransactionClient,
  where: Prisma.LoraModelWhereInput & { readonly id: string },
): Promise<void> {
  const total = await lockedCost(transaction, where.id);
  await transaction.loraModel.updateMany({
    where,
    data: { costMicroUsd: total, trainingCost: microUsdToCents(total) },
  });
}

/**
 * Notes what the vendor says a pod has cost, null for nothing yet, and answers whether that is final: bills come late and in parts, so one is
 * final when the look before found the same. Until then the greater of estimate and bill stands, in both ledgers and in the training's sum.
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
    // The user's row is locked before the training's, as everywhere.
    await settleMoneyIn(transaction, loraModelId, { keepReserved: true });
    await bookTotal(transaction, { id: loraModelId });
    return costSettled;
  });
}
