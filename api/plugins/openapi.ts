import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance, FastifySchema } from 'fastify';
import { UNDOCUMENTED, WORDS } from '../schemas/common.ts';

/** The OpenAPI 3.1 document at /openapi.json and a page to read it at /docs. Register before the routes. */
export async function registerOpenApi(app: FastifyInstance, publicUrl: string): Promise<void> {
  await app.register(swagger, {
    transform: ({ schema, url }) => documented(schema, url),
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Tempera',
        version: '1.0.0',
        description:
          'Turns a set of photos into a trained, verified and published LoRA. Every error is `{ code, message, requestId }`.',
        license: { name: 'MIT', identifier: 'MIT' },
      },
      servers: [{ url: publicUrl }],
      components: {
        securitySchemes: {
          apiKey: {
            type: 'http',
            scheme: 'bearer',
            description: 'An API key: `tmp_...`. The header x-api-key works too.',
          },
        },
      },
      security: [{ apiKey: [] }],
      tags: [
        { name: 'photos', description: 'Photos and datasets' },
        { name: 'trainings', description: 'Start, follow and steer trainings' },
        { name: 'lora', description: 'The same operations at the founding documents’ addresses' },
        { name: 'system', description: 'State of the service' },
      ],
    },
  });
  await app.register(swaggerUi, { routePrefix: '/docs', uiConfig: { persistAuthorization: true }, staticCSP: true });
  app.get('/openapi.json', { schema: { hide: true } }, () => app.swagger());
}

/** Hidden from the validator: the parts of a form are checked while they stream, and a wildcard has no name. */
function documented(schema: FastifySchema | undefined, url: string): { schema: FastifySchema; url: string } {
  const published = withoutOurKeywords(schema ?? {}) as FastifySchema;
  if (schema?.consumes?.includes('multipart/form-data') === true) return { schema: { ...published, body: FORM }, url };
  return { schema: published, url: url.replace('*', ':key') };
}

/** Turns closed sets into enums and removes what is not public. */
function withoutOurKeywords(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(withoutOurKeywords);
  if (typeof node !== 'object' || node === null) return node;
  const entries = Object.entries(node)
    .filter(([, inner]) => (inner as Record<string, unknown> | null)?.[UNDOCUMENTED] !== true)
    .map(([key, inner]) => (key === WORDS ? ['enum', inner] : [key, withoutOurKeywords(inner)]));
  return Object.fromEntries(entries);
}

const FORM = {
  type: 'object',
  properties: {
    files: { type: 'array', items: { type: 'string', format: 'binary' }, description: 'Any field name will do.' },
  },
};
