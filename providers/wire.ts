/**
 * Validates vendors' answers at the edge: a valid one is typed, an invalid one is a PROVIDER_UNAVAILABLE that says
 * where.
 */
import type { Static, TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { TemperaError } from '../core/failure.ts';

/** Creates a reader for answers of this shape. Unknown fields are accepted: vendors add them without notice. */
export function answerReader<T extends TSchema>(
  vendor: string,
  what: string,
  schema: T,
): (answer: unknown) => Static<T> {
  const validator = Compile(schema);
  return (answer) => {
    if (validator.Check(answer)) return answer;
    const [first] = validator.Errors(answer);
    const place = first ? `${first.instancePath || '/'} ${first.message}` : 'unreadable';
    throw new TemperaError('PROVIDER_UNAVAILABLE', `Unexpected response shape from ${vendor} for ${what}: ${place}`);
  };
}
