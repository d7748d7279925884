/**
 * The ledger of pods: a row is committed before the vendor is asked, and closed only when the pod is confirmed gone.
 */
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

/** Commits the intent to rent a pod with this name; finds the row if it was already committed. */
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
 * Claims the right to send one create call for this name. False while another call of unknown outcome, sent after
 * `staleBefore`, may still create a pod: two claims can never overlap, whatever died in between.
 */
export async function claimCreate(database: Database, name: string, staleBefore: Date): Promise<boolean> {
  const { count } = await database.pod.updateMany({
    where: {
      name,
      externalId: null,
      terminatedAt: null,
      terminateAskedAt: null,
      // A step that lost Temporal and comes back after its attempt has ended must not rent anything.
      attempt: { endedAt: null },
      OR: [{ createSentAt: null }, { createSentAt: { lt: staleBefore } }],
    },
    data: { createSentAt: new Date() },
  });
  return count === 1;
}

/** The create call was clearly refused. */
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
  // Field by field: a vendor's whole pod would bring its own id and state.
  const { name, externalId, gpu, cloud, dataCenter, hourlyMicroUsd, createdAt } = pod;
  const data = { externalId, gpu, cloud, dataCenter, hourlyMicroUsd, createdAt };
  await database.pod.update({ where: { name }, data: { ...data, state: 'running' } });
}

/**
 * Gives a pod that has the name of another row a row of its own, and returns that row's name: it is not kept, because
 * it is too expensive or a second one with its name, but it bills. Safe to repeat.
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
      // Not later than the row's: the pod requested last is the one in use.
      requestedAt,
    },
    update: {},
  });
  return own;
}

export async function recordPodReady(database: Database, name: string): Promise<void> {
  await database.pod.updateMany({ where: { name, readyAt: null }, data: { readyAt: new Date() } });
}

/** From here on nobody may create a pod with this name. */
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

/** Pods of one attempt that are not confirmed gone. */
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

/** What the ledger says about a pod name: whose pod it is, and whether it is that training's latest. */
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

/** Pods that are alive according to the ledger and were requested before `before`. */
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
