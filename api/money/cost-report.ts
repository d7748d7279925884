import { costReport } from '../../prisma/repositories/cost-report.ts';
import type { ReportBy } from '../../prisma/repositories/cost-report.ts';
import type { ApiDeps } from '../deps.ts';
import type { CostReport } from '../schemas/money.ts';

/** What a user's trainings have cost, summed by what is asked for. */
export async function costReportOf(
  { database }: ApiDeps,
  userId: string,
  { by = 'month', month }: { readonly by?: ReportBy; readonly month?: string },
): Promise<CostReport> {
  const rows = await costReport(database, { userId, by, month: month ?? null });
  return {
    by,
    month: month ?? null,
    rows,
    totalMicroUsd: rows.reduce((sum, row) => sum + row.costMicroUsd, 0),
  };
}
