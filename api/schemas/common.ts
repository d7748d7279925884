/** Pieces that all answers share. */
import { Type } from '@fastify/type-provider-typebox';
import type { TSchema } from '@fastify/type-provider-typebox';

/** A limit on spending that is exceeded. Millionths of a dollar. */
export const LimitFigures = Type.Object({
  limit: Type.String({ description: 'training, user_month or character_month.' }),
  limitMicroUsd: Type.Integer(),
  usedMicroUsd: Type.Integer({ description: 'Spent and reserved so far.' }),
  requiredMicroUsd: Type.Integer(),
  availableMicroUsd: Type.Integer(),
});

const ErrorBody = Type.Object(
  {
    code: Type.String({ description: 'Stable name of what went wrong.', examples: ['VALIDATION'] }),
    message: Type.String({ description: 'One sentence for a person.' }),
    requestId: Type.String({ description: 'Also in the header x-request-id; quote it when you ask for help.' }),
    details: Type.Optional(Type.Array(Type.String(), { description: 'One sentence per fault.' })),
    figures: Type.Optional(
      Type.Array(LimitFigures, { description: 'With 402 LIMIT_EXCEEDED: the limits that stand against it.' }),
    ),
  },
  { title: 'Error', description: 'What every answer of 400 and above looks like.' },
);

/** The answers that every route can give, next to its own. */
export const ERRORS = { '4xx': ErrorBody, '5xx': ErrorBody };

export const Uuid = Type.String({ format: 'uuid' });
export const Time = Type.String({ format: 'date-time' });
export const IdParams = Type.Object({ id: Uuid });

export function Nullable<T extends TSchema>(schema: T) {
  return Type.Union([schema, Type.Null()]);
}

/** A fixed set of words. */
export function OneOf<const Words extends readonly string[]>(words: Words, options: { description?: string } = {}) {
  return Type.Unsafe<Words[number]>(Type.String({ enum: [...words], ...options }));
}

/** Marks a route as open to clients without an API key, in the OpenAPI document too. */
export const PUBLIC: { security: Record<string, string[]>[] } = { security: [] };
