/**
 * The ledger of money. Entries are only added, each under a key of its own, while the owner's row is locked: two
 * trainings of one user never reserve the same dollar. What a user has committed in a month is the sum of the month's
 * entries.
 */
import { NO_LIMITS, beyondTrainingLimit, exceededLimits, monthOf } from '../../core/spend-limit.ts';
import type { LimitFigures, SpendLimits } from '../../core/spend-limit.ts';
import type { Database, Transaction } from '../client.ts';
import type { MoneyKind, Prisma } from '../generated/client.ts';
import { ledgerCost } from './ledger-cost.ts';

export type Reserved =
  | { readonly status: 'reserved' }
  /** It would exceed a limit of the user; nothing was booked. */
  | { readonly status: 'over_limit'; readonly figures: readonly LimitFigures[] };

/** Where a training stands in the ledger. Micro-dollars. */
interface Account {
  readonly trainingId: string;
  readonly userId: string;
  readonly characterId: string | null;
  readonly month: string;
  readonly ceiling: number | null;
  /** What the training reserves when it has no ceiling. */
  readonly expected: number;
  /** Reserved and not released. */
  readonly reserved: number;
  readonly settled: number;
  readonly entries: number;
  readonly limits: SpendLimits;
  /** Nothing will be rented for it any more. */
  readonly hasEnded: boolean;
}

/**
 * The installation's limits, or the user's own where there are any. Locks the user's row until the transaction ends,
 * against others who do the same; not against rows that only refer to the user, which two transactions may have written
 * before they come here.
 */
export async function limitsFor(tx: Transaction, userId: string, installation: SpendLimits): Promise<SpendLimits> {
  await tx.$queryRaw`SELECT id FROM users WHERE id = ${userId}::uuid FOR NO KEY UPDATE`;
  return await userLimits(tx, userId, installation);
}

async function userLimits(
  database: Prisma.TransactionClient,
  userId: string,
  installation: SpendLimits,
): Promise<SpendLimits> {
  const user = await database.user.findUniqueOrThrow({ where: { id: userId } });
  const own = (limit: bigint | null, fallback: number | null) => (limit === null ? fallback : Number(limit));
  return {
    training: own(user.trainingLimitMicroUsd, installation.training),
    userMonth: own(user.monthLimitMicroUsd, installation.userMonth),
    characterMonth: own(user.characterMonthLimitMicroUsd, installation.characterMonth),
  };
}

async function openAccount(tx: Transaction, trainingId: string, installation: SpendLimits): Promise<Account> {
  const { userId } = await tx.loraModel.findUniqueOrThrow({ where: { id: trainingId }, select: { userId: true } });
  const limits = await limitsFor(tx, userId, installation);
  // Read only now: it may have ended while the lock was awaited.
  const training = await tx.loraModel.findUniqueOrThrow({ where: { id: trainingId } });
  const rows = await tx.moneyEntry.groupBy({
    by: ['kind'],
    where: { loraModelId: trainingId },
    _sum: { amountMicroUsd: true },
    _count: true,
  });
  const sum = (kind: MoneyKind) => Number(rows.find((row) => row.kind === kind)?._sum.amountMicroUsd ?? 0n);
  const quote = training.quote as { readonly reserveMicroUsd?: number } | null;
  return {
    trainingId,
    userId,
    characterId: training.characterId,
    month: monthOf(training.createdAt),
    ceiling: training.ceilingMicroUsd === null ? null : Number(training.ceilingMicroUsd),
    expected: quote?.reserveMicroUsd ?? 0,
    reserved: sum('reserve') + sum('release'),
    settled: sum('settle'),
    entries: rows.reduce((count, row) => count + row._count, 0),
    limits,
    hasEnded:
      training.status === 'ready' ||
      training.status === 'cancelled' ||
      (training.status === 'failed' && training.phase === 'done'),
  };
}

/** What a user, and one character of theirs, have committed in a month. Micro-dollars. */
async function committed(
  database: Prisma.TransactionClient,
  userId: string,
  characterId: string | null,
  month: string,
) {
  const sumOf = async (where: Prisma.MoneyEntryWhereInput) => {
    const { _sum } = await database.moneyEntry.aggregate({ where, _sum: { amountMicroUsd: true } });
    return Number(_sum.amountMicroUsd ?? 0n);
  };
  return {
    userMonth: await sumOf({ userId, month }),
    characterMonth: characterId === null ? null : await sumOf({ userId, characterId, month }),
  };
}

async function book(tx: Transaction, account: Account, kind: MoneyKind, amountMicroUsd: number, nth = account.entries) {
  if (amountMicroUsd === 0) return;
  const { trainingId, userId, characterId, month } = account;
  const key = `${trainingId}:${nth}`;
  await tx.moneyEntry.create({
    data: { key, userId, loraModelId: trainingId, characterId, month, kind, amountMicroUsd },
  });
}

/** Books another reservation unless it would exceed a monthly limit. */
async function reserveMore(tx: Transaction, account: Account, moreMicroUsd: number): Promise<Reserved> {
  if (moreMicroUsd <= 0) return { status: 'reserved' };
  const used = await committed(tx, account.userId, account.characterId, account.month);
  const figures = exceededLimits(account.limits, used, moreMicroUsd);
  if (figures.length > 0) return { status: 'over_limit', figures };
  await book(tx, account, 'reserve', moreMicroUsd);
  return { status: 'reserved' };
}

/**
 * Makes sure that a training's money is reserved: its ceiling, or what it is expected to cost, less what it has spent.
 * Harmless if that has already been done.
 */
export async function ensureReservedIn(tx: Transaction, trainingId: string, limits: SpendLimits): Promise<Reserved> {
  const account = await openAccount(tx, trainingId, limits);
  if (account.reserved > 0) return { status: 'reserved' };
  return await reserveMore(tx, account, (account.ceiling ?? account.expected) - account.settled);
}

export async function ensureReserved(database: Database, trainingId: string, limits: SpendLimits): Promise<Reserved> {
  return await database.$transaction((tx) => ensureReservedIn(tx, trainingId, limits));
}

/**
 * Sets the ceiling of a training: reserves the difference, or releases what a lower one leaves over. Only a ceiling
 * that is higher than before can exceed a limit. Safe to repeat.
 */
export async function setCeiling(
  database: Database,
  params: { readonly trainingId: string; readonly ceilingMicroUsd: number; readonly limits: SpendLimits },
): Promise<Reserved | { readonly status: 'ended' }> {
  const { trainingId, ceilingMicroUsd, limits } = params;
  return await database.$transaction(async (tx) => {
    const account = await openAccount(tx, trainingId, limits);
    const { ceiling, reserved, settled } = account;
    // A run that was reset repeats what it was told; what is so already may be said again.
    if (account.hasEnded) return { status: ceilingMicroUsd === ceiling ? 'reserved' : 'ended' };
    const moreMicroUsd = ceilingMicroUsd - settled - reserved;
    if (ceiling === null || ceilingMicroUsd > ceiling) {
      const beyond = beyondTrainingLimit(account.limits, ceilingMicroUsd, settled);
      if (beyond !== null) return { status: 'over_limit', figures: [beyond] };
      const made = await reserveMore(tx, account, moreMicroUsd);
      if (made.status === 'over_limit') return made;
    }
    // A training that waits for a retry has nothing reserved.
    if (moreMicroUsd < 0 && reserved > 0) await book(tx, account, 'release', -Math.min(reserved, -moreMicroUsd));
    await tx.loraModel.update({ where: { id: trainingId }, data: { ceilingMicroUsd } });
    return { status: 'reserved' };
  });
}

/**
 * Books what the pods of a training have cost by the ledger of pods, and releases what is reserved beyond it. Repeated,
 * it books the difference since. With `keepReserved` a running training keeps its reservation.
 */
export async function settleMoneyIn(
  tx: Transaction,
  trainingId: string,
  options = { keepReserved: false },
): Promise<void> {
  const account = await openAccount(tx, trainingId, NO_LIMITS);
  if (options.keepReserved && account.reserved > 0) return;
  const costMicroUsd = (await ledgerCost(tx, trainingId)) - account.settled;
  await book(tx, account, 'settle', costMicroUsd);
  // A zero entry is not booked and takes no number: the entry after a gap would find its number taken.
  await book(tx, account, 'release', -account.reserved, account.entries + (costMicroUsd === 0 ? 0 : 1));
}

/** The limits of a user with what is committed against them in the month of `now`. Micro-dollars. */
export async function standing(
  database: Database,
  params: {
    readonly userId: string;
    readonly characterId: string | null;
    readonly limits: SpendLimits;
    readonly now: Date;
  },
) {
  const limits = await userLimits(database, params.userId, params.limits);
  const used = await committed(database, params.userId, params.characterId, monthOf(params.now));
  return { limits, used };
}
