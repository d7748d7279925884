/** Checks vendors' answers at the edge: what passes is typed, what does not is a PROVIDER_UNAVAILABLE with the place of the fault. */
import type { Static, TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { TemperaError } from '../core/failure.ts';

/** Makes a reader for answers of this shape. Unknown fields pass: vendors add them without notice. */
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
    throw new TemperaError(
      'PROVIDER_UNAVAILABLE',
      `${vendor} answered ${what} in a shape that nobody foresaw: ${place}`,
    );
  };
}
