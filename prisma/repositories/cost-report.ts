/** What trainings have cost, by the ledger of pods, compared with their quotes. */
import type { Database } from '../client.ts';
import { Prisma } from '../generated/client.ts';

export type ReportBy = 'user' | 'character' | 'baseModel' | 'month';

export interface CostRow {
  /** Null: trainings without a character. */
  readonly key: string | null;
  readonly trainings: number;
  readonly ready: number;
  readonly pods: number;
  readonly costMicroUsd: number;
  readonly settledMicroUsd: number;
  readonly quotedP50MicroUsd: number;
  readonly quotedP90MicroUsd: number;
  readonly quotedCostMicroUsd: number;
}

const MONTH = Prisma.sql`to_char(m.created_at AT TIME ZONE 'UTC', 'YYYY-MM')`;
const KEYS: Readonly<Record<ReportBy, Prisma.Sql>> = {
  user: Prisma.sql`m.user_id::text`,
  character: Prisma.sql`m.character_id`,
  baseModel: Prisma.sql`m.base_model`,
  month: MONTH,
};

/**
 * Sums over trainings accepted in `month` (UTC; all when null); of all users when `userId` is null. Most expensive
 * first.
 */
export async function costReport(
  database: Database,
  { userId, by, month }: { userId: string | null; by: ReportBy; month: string | null },
): Promise<CostRow[]> {
  const rows = await database.$queryRaw<Record<keyof Omit<CostRow, 'key'>, bigint>[]>`
    SELECT ${KEYS[by]} AS key,
           count(*) AS trainings,
           count(*) FILTER (WHERE m.status = 'ready') AS ready,
           sum(c.pods)::bigint AS pods,
           sum(c.cost)::bigint AS "costMicroUsd",
           sum(c.settled)::bigint AS "settledMicroUsd",
           coalesce(sum((m.quote->>'p50MicroUsd')::bigint), 0)::bigint AS "quotedP50MicroUsd",
           coalesce(sum((m.quote->>'p90MicroUsd')::bigint), 0)::bigint AS "quotedP90MicroUsd",
           coalesce(sum(c.cost) FILTER (WHERE m.quote IS NOT NULL), 0)::bigint AS "quotedCostMicroUsd"
      FROM lora_models m
      CROSS JOIN LATERAL (
        SELECT count(p.id) AS pods,
               coalesce(sum(p.cost_micro_usd), 0) AS cost,
               coalesce(sum(p.cost_micro_usd) FILTER (WHERE p.cost_settled), 0) AS settled
          FROM training_attempts a
          JOIN pods p ON p.attempt_id = a.id
         WHERE a.lora_model_id = m.id
      ) c
     WHERE (${userId}::uuid IS NULL OR m.user_id = ${userId}::uuid)
       AND (${month}::text IS NULL OR ${MONTH} = ${month}::text)
     GROUP BY 1
     ORDER BY "costMicroUsd" DESC, key
     LIMIT 1000`;
  return rows.map((row) => {
    const { key, ...sums } = row as unknown as { key: string | null } & typeof row;
    const numbers = Object.fromEntries(Object.entries(sums).map(([name, value]) => [name, Number(value)]));
    return { key, ...numbers } as unknown as CostRow;
  });
}
