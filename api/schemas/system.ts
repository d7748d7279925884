import { Type } from '@fastify/type-provider-typebox';
import { ERRORS, OneOf, PUBLIC } from './common.ts';

const Part = OneOf(['ok', 'unavailable']);
const Readiness = Type.Object({
  status: OneOf(['ready', 'unavailable']),
  parts: Type.Object({ database: Part, temporal: Part, objectStore: Part }),
});

export const healthRoute = {
  ...PUBLIC,
  summary: 'The process is alive',
  tags: ['system'],
  response: { 200: Type.Object({ status: Type.Literal('ok') }), ...ERRORS },
};

export const readyRoute = {
  ...PUBLIC,
  summary: 'Everything the API needs is reachable',
  tags: ['system'],
  response: { 200: Readiness, 503: Readiness, ...ERRORS },
};

const file = {
  description: 'The bytes of the object.',
  content: { 'application/octet-stream': { schema: Type.String({ format: 'binary' }) } },
};

export const objectRoute = {
  ...PUBLIC,
  summary: 'An object, by a signed URL',
  description: 'Needs no API key: the signature in the address grants access. A single byte range is supported.',
  tags: ['system'],
  querystring: Type.Object({
    expires: Type.Optional(Type.String({ pattern: '^[0-9]{1,12}$' })),
    filename: Type.Optional(Type.String()),
    signature: Type.Optional(Type.String()),
  }),
  response: { 200: file, 206: { ...file, description: 'The requested range.' }, ...ERRORS },
};
