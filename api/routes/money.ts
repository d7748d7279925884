import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { ApiDeps } from '../deps.ts';
import { setBudget } from '../money/budget.ts';
import { costReportOf } from '../money/cost-report.ts';
import { quoteTraining } from '../money/quote.ts';
import { budgetRoute, costReportRoute, quoteRoute } from '../schemas/money.ts';

/** A worker has 10 s to answer (api/temporal.ts), and there are queries before and after. Milliseconds. */
const BUDGET_TIMEOUT_MS = 25_000;

export const moneyRoutes: FastifyPluginAsyncTypebox<{ deps: ApiDeps }> = async (app, { deps }) => {
  app.post('/v1/quotes', { schema: quoteRoute }, ({ userId, body }) => quoteTraining(deps, userId, body));

  app.post(
    '/v1/trainings/:id/budget',
    { schema: budgetRoute, config: { timeLimitMs: BUDGET_TIMEOUT_MS } },
    ({ userId, by, params, body }) => setBudget(deps, { userId, by }, params.id, body.maxCostUsd),
  );

  app.get('/v1/reports/cost', { schema: costReportRoute }, ({ userId, isOperator, query }) =>
    costReportOf(deps, { userId, isOperator }, query),
  );
};
