import { TypeBoxValidatorCompiler } from '@fastify/type-provider-typebox';
import type { FastifySchemaCompiler } from 'fastify';
import type { TSchema } from '@fastify/type-provider-typebox';

const WHOLE_NUMBER = /^-?(0|[1-9][0-9]{0,14})$/;

/**
 * TypeBox's validator, but stricter about numbers in an address: by itself it would also accept `true`, `1e1` and ` 7
 * `. Bodies are never converted.
 */
export const validatorCompiler: FastifySchemaCompiler<TSchema> = (route) => {
  const validate = TypeBoxValidatorCompiler(route);
  if (route.httpPart !== 'querystring') return validate;
  const properties = (route.schema as { properties?: Record<string, { type?: string }> }).properties ?? {};
  const numbers = Object.keys(properties).filter((name) => properties[name]!.type === 'integer');
  return (query: Record<string, unknown>) => {
    const wrong = numbers.find((name) => {
      const value = query[name];
      return value !== undefined && !(typeof value === 'string' && WHOLE_NUMBER.test(value));
    });
    if (wrong === undefined) return validate(query);
    return { error: [{ instancePath: `/${wrong}`, message: 'must be a whole number' }] as never };
  };
};
