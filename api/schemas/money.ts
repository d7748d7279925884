import { Type } from '@fastify/type-provider-typebox';
import type { Static } from '@fastify/type-provider-typebox';
import { BASE_MODELS } from '../../core/base-model.ts';
import { ERRORS, IdParams, LimitFigures, Nullable, OneOf, QUOTE_BASES, Time, Uuid, WordOf } from './common.ts';
import { Training, TrainingBody } from './trainings.ts';

const STRICT = { additionalProperties: false };
const MicroUsd = Type.Integer({ description: 'Millionths of a dollar.' });
const Odds = Type.Object(
  { p50: Type.Number(), p90: Type.Number() },
  { description: 'Half of all such trainings stay below p50, nine out of ten below p90.' },
);

export const QuoteBody = Type.Object(
  {
    ...Type.Pick(TrainingBody, ['baseModel', 'characterId', 'recipe', 'compute', 'maxCostUsd']).properties,
    datasetId: Type.Optional(Uuid),
    photoCount: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 1_000, description: 'Number of photos, instead of a dataset. Default 20.' }),
    ),
  },
  STRICT,
);
export type QuoteBody = Static<typeof QuoteBody>;

const Limit = Type.Object({ limitMicroUsd: Nullable(MicroUsd), usedMicroUsd: MicroUsd });

const Quote = Type.Object(
  {
    baseModel: WordOf(BASE_MODELS),
    steps: Type.Integer(),
    photos: Type.Integer(),
    offers: Type.Array(
      Type.Object({
        gpu: Type.String(),
        vramGb: Type.Number(),
        cloud: WordOf(['secure', 'community']),
        hourlyMicroUsd: MicroUsd,
        minutes: Odds,
        microUsd: Odds,
        basis: OneOf(QUOTE_BASES, {
          description: 'This installation’s own runs, published figures, or neither.',
        }),
        runs: Type.Integer({ description: 'Own runs on this GPU that the quote is based on.' }),
      }),
      { description: 'In the order in which they would be tried.' },
    ),
    reserve: Type.Object({ microUsd: MicroUsd }, { description: 'What is reserved when the training starts.' }),
    limits: Type.Object({
      training: Nullable(Type.Object({ microUsd: MicroUsd })),
      userMonth: Limit,
      characterMonth: Nullable(Limit),
      exceeded: Type.Array(LimitFigures, { description: 'Limits that would make a start fail with 402.' }),
    }),
    validUntil: Time,
  },
  { title: 'Quote' },
);
export type Quote = Static<typeof Quote>;

export const quoteRoute = {
  summary: 'Estimate the time and cost of a training',
  description: 'Nothing is reserved and nothing is rented.',
  tags: ['money'],
  body: QuoteBody,
  response: { 200: Quote, ...ERRORS },
};

export const budgetRoute = {
  summary: 'Set the ceiling of a training',
  description:
    'Raises it, lowers it, or sets it for the first time. A training that was stopped at its ceiling continues from its last save once the ceiling is raised; a running one is saved and stopped when it reaches the ceiling. 402 if it would exceed a limit.',
  tags: ['money'],
  params: IdParams,
  body: Type.Object(
    { maxCostUsd: Type.Number({ description: 'The new ceiling for the whole training, in dollars.' }) },
    STRICT,
  ),
  response: { 200: Training, ...ERRORS },
};

const REPORT_BY = ['character', 'baseModel', 'month', 'user'] as const;

const CostReport = Type.Object(
  {
    by: OneOf(REPORT_BY),
    month: Nullable(Type.String()),
    rows: Type.Array(
      Type.Object({
        key: Nullable(Type.String()),
        trainings: Type.Integer(),
        ready: Type.Integer(),
        pods: Type.Integer(),
        costMicroUsd: MicroUsd,
        settledMicroUsd: Type.Integer({
          description: 'The part that comes from the vendor’s billing; the rest is price times time.',
        }),
        quotedP50MicroUsd: MicroUsd,
        quotedP90MicroUsd: MicroUsd,
        quotedCostMicroUsd: Type.Integer({ description: 'Cost of the trainings that had a quote.' }),
      }),
    ),
    totalMicroUsd: MicroUsd,
  },
  { title: 'CostReport' },
);
export type CostReport = Static<typeof CostReport>;

export const costReportRoute = {
  summary: 'What trainings cost, compared with their quotes',
  description: 'Your own trainings; operators see those of all users.',
  tags: ['money'],
  querystring: Type.Object(
    {
      by: Type.Optional(OneOf(REPORT_BY, { description: 'Default month.' })),
      month: Type.Optional(
        Type.String({ pattern: '^[0-9]{4}-(0[1-9]|1[0-2])$', description: 'UTC; all months when absent.' }),
      ),
    },
    STRICT,
  ),
  response: { 200: CostReport, ...ERRORS },
};
