import { Ajv2020 } from 'ajv/dist/2020.js';
import type { ErrorObject } from 'ajv';
import { readData } from '../core/read-data.ts';
import { problem, details } from './problems.ts';

const ajv = new Ajv2020({ strict: false, allErrors: true });
ajv.addFormat('float', true);
ajv.addFormat('double', true);
ajv.addSchema({ $id: 'runpod', ...readData<object>(import.meta.url, './data/request-schemas.json') });

export type RequestSchema = 'CreatePodRequest' | 'UpdatePodRequest' | 'PodActionRequest';

/** Refuses a body that does not match the closed schema, in the service's wording (422). */
export function validateRequest(schema: RequestSchema, body: unknown): void {
  const validate = ajv.getSchema(`runpod#/components/schemas/${schema}`);
  if (validate === undefined) throw new Error(`no schema ${schema}`);
  if (validate(body)) return;
  const errors = [...new Set((validate.errors ?? []).filter(isCause).map(wording))];
  throw problem(422, details.validation, { errors });
}

/** `if` and `not` only repeat other errors. */
function isCause(error: ErrorObject): boolean {
  return error.keyword !== 'if' && error.keyword !== 'not' && error.keyword !== 'allOf';
}

function wording(error: ErrorObject): string {
  const where = `$${error.instancePath.replaceAll('/', '.')}`;
  const params = error.params as Record<string, unknown>;
  switch (error.keyword) {
    case 'additionalProperties':
      return `${where}: additional properties '${String(params['additionalProperty'])}' not allowed`;
    case 'unevaluatedProperties':
      return `${where}: additional properties '${String(params['unevaluatedProperty'])}' not allowed`;
    case 'required':
      return `${where}: missing property '${String(params['missingProperty'])}'`;
    case 'enum':
      return `${where}: value must be one of ${(params['allowedValues'] as unknown[]).map((v) => `'${String(v)}'`).join(', ')}`;
    default:
      return `${where}: ${error.message ?? error.keyword}`;
  }
}
