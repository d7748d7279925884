/** Schemas shared by all answers. */
import { Type } from '@fastify/type-provider-typebox';
import type { TSchema } from '@fastify/type-provider-typebox';

/**
 * Our own keywords, for plugins/openapi.ts: a closed set of words, and fields that only the demo and tests may send.
 */
export const WORDS = 'x-words';
export const UNDOCUMENTED = 'x-undocumented';

/** An exceeded spending limit. Millionths of a dollar. */
export const LimitFigures = Type.Object({
  limit: WordOf(['training', 'user_month', 'character_month']),
  limitMicroUsd: Type.Integer(),
  usedMicroUsd: Type.Integer({ description: 'Spent and reserved so far.' }),
  requiredMicroUsd: Type.Integer(),
  availableMicroUsd: Type.Integer(),
});

const ErrorBody = Type.Object(
  {
    code: Type.String({ description: 'Stable name of the error.', examples: ['VALIDATION'] }),
    message: Type.String({ description: 'One sentence for a person.' }),
    requestId: Type.String({ description: 'Also in the x-request-id header; quote it when you ask for help.' }),
    details: Type.Optional(Type.Array(Type.String(), { description: 'One sentence per fault.' })),
    figures: Type.Optional(
      Type.Array(LimitFigures, { description: 'With 402 LIMIT_EXCEEDED: the limits that would be exceeded.' }),
    ),
  },
  { title: 'Error', description: 'The body of every answer with a status of 400 or above.' },
);

/** The error answers that every route can give. */
export const ERRORS = { '4xx': ErrorBody, '5xx': ErrorBody };

export const Uuid = Type.String({ format: 'uuid' });
export const Time = Type.String({ format: 'date-time' });
export const IdParams = Type.Object({ id: Uuid });

export function Nullable<T extends TSchema>(schema: T) {
  return Type.Union([schema, Type.Null()]);
}

/**
 * A closed set of words that the schema does not enforce: in a request because core lists all faults at once, in an
 * answer because rows may be older than the set. The OpenAPI document shows it as an enum (plugins/openapi.ts).
 */
export function WordOf(words: readonly string[], options: { description?: string } = {}) {
  return Type.String({ ...options, [WORDS]: [...words] });
}

/** What a quote is based on. */
export const QUOTE_BASES = ['own_runs', 'table', 'guess'] as const;

/** Intervals of a training. Rejected, except in the demo and tests. */
export const TestIntervals = Type.Record(Type.String(), Type.Unknown(), { [UNDOCUMENTED]: true });

/** A fixed set of words. */
export function OneOf<const Words extends readonly string[]>(words: Words, options: { description?: string } = {}) {
  return Type.Unsafe<Words[number]>(Type.String({ enum: [...words], ...options }));
}

/** Marks a route as open to clients without an API key, also in the OpenAPI document. */
export const PUBLIC: { security: Record<string, string[]>[] } = { security: [] };
