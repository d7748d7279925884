import type { FastifyInstance } from 'fastify';
import { ApiError, invalid } from '../errors.ts';
import { isUnstorable } from '../text.ts';

/**
 * Refuses NUL and halves of surrogate pairs in every text of a request: 400 in an address, 422 in a query or a body.
 */
export function refuseUnstorableText(app: FastifyInstance): void {
  app.addHook('preValidation', async ({ params, query, body }) => {
    if (placeOf(params, '') !== null) throw new ApiError(400, 'BAD_URL', 'The address is not well-formed.');
    const place = placeOf(query, 'the query') ?? placeOf(body, 'the body');
    if (place !== null)
      throw invalid([`${place} contains a character that cannot be stored (NUL or half of a surrogate pair)`]);
  });
}

/** Where the first such text is; null when there is none. Field names count too, but are not echoed. */
function placeOf(value: unknown, place: string): string | null {
  if (typeof value === 'string') return isUnstorable(value) ? place : null;
  if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return null;
  for (const [key, inner] of Object.entries(value)) {
    if (isUnstorable(key)) return `a field name in ${place}`;
    const found = placeOf(inner, place.startsWith('the ') ? key : `${place}.${key}`);
    if (found !== null) return found;
  }
  return null;
}
