/** The record of sweeps: what each one found and did. */
import type { Database } from '../client.ts';
import type { Prisma } from '../generated/client.ts';

/** An orphaned pod as one sweep saw it. Its id is left out: anyone who knows it can reach its trainer. */
export interface SweptPod {
  readonly name: string;
  readonly why: string;
  /** ISO 8601. */
  readonly createdAt: string;
  readonly orphanedAt: string;
  /** Until when its leak is counted: when it was terminated, or when that failed. */
  readonly seenAt: string;
  /** What this sweep added to its leak. Milliseconds. */
  readonly leakedMs: number;
}

export interface SweepRecord {
  readonly alive: number;
  readonly owned: number;
  readonly orphaned: readonly SweptPod[];
  readonly swept: readonly SweptPod[];
  readonly leakedMs: number;
}

export interface SweepRow extends SweepRecord {
  readonly sweptAt: Date;
}

/** How long sweeps are kept. Milliseconds: 30 days. */
const KEPT_MS = 30 * 86_400_000;

/** Written only by `recordSweep`, so the shape is known. */
function asSweptPods(json: Prisma.JsonValue): readonly SweptPod[] {
  return json as unknown as readonly SweptPod[];
}

/** Stores what a sweep found and did, and removes records that are older than 30 days. */
export async function recordSweep(database: Database, sweep: SweepRecord): Promise<void> {
  const { orphaned, swept, ...counts } = sweep;
  const asJson = (pods: readonly SweptPod[]) => pods as unknown as Prisma.InputJsonValue;
  await database.sweep.create({ data: { ...counts, orphaned: asJson(orphaned), swept: asJson(swept) } });
  await database.sweep.deleteMany({ where: { sweptAt: { lt: new Date(Date.now() - KEPT_MS) } } });
}

/** The latest sweep; null before the first. */
export async function lastSweep(database: Database): Promise<SweepRow | null> {
  const row = await database.sweep.findFirst({ orderBy: { sweptAt: 'desc' } });
  return row && toRow(row);
}

/** Sweeps since a given time that terminated a pod, latest first. */
export async function sweepsThatEnded(database: Database, since: Date, limit: number): Promise<readonly SweepRow[]> {
  const rows = await database.sweep.findMany({
    where: { sweptAt: { gte: since }, NOT: { swept: { equals: [] } } },
    orderBy: { sweptAt: 'desc' },
    take: limit,
  });
  return rows.map(toRow);
}

/** Total leaked time of pods since a given time. Milliseconds. */
export async function leakedSince(database: Database, since: Date): Promise<number> {
  const sum = await database.sweep.aggregate({ where: { sweptAt: { gte: since } }, _sum: { leakedMs: true } });
  return Number(sum._sum.leakedMs ?? 0n);
}

function toRow(row: {
  sweptAt: Date;
  alive: number;
  owned: number;
  orphaned: Prisma.JsonValue;
  swept: Prisma.JsonValue;
  leakedMs: bigint;
}): SweepRow {
  return {
    sweptAt: row.sweptAt,
    alive: row.alive,
    owned: row.owned,
    orphaned: asSweptPods(row.orphaned),
    swept: asSweptPods(row.swept),
    leakedMs: Number(row.leakedMs),
  };
}
