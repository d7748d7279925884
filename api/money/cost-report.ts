import type { ReportBy } from '../../prisma/repositories/cost-report.ts';
import type { ApiDeps } from '../deps.ts';
import type { CostReport } from '../schemas/money.ts';

/** What trainings have cost, grouped as requested: operators see those of all users, everybody else their own. */
export async function costReportOf(
  { repositories }: ApiDeps,
  { userId, isOperator }: { readonly userId: string; readonly isOperator: boolean },
  { by = 'month', month }: { readonly by?: ReportBy; readonly month?: string },
): Promise<CostReport> {
  const rows = await repositories.bills.costReport({ userId: isOperator ? null : userId, by, month: month ?? null });
  return {
    by,
    month: month ?? null,
    rows,
    totalMicroUsd: rows.reduce((sum, row) => sum + row.costMicroUsd, 0),
  };
}
