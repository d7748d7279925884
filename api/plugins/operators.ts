import type { FastifyInstance } from 'fastify';
import { ApiError } from '../errors.ts';

/** Lets only operators into this scope; everybody else is told how to become one. Comes after `requireApiKey`. */
export function requireOperator(scope: FastifyInstance): void {
  scope.addHook('onRequest', async ({ isOperator }) => {
    if (!isOperator)
      throw new ApiError(
        403,
        'OPERATORS_ONLY',
        'Only operators may read this. The person who runs this installation can make you one: docs/operations.md, "Operators".',
      );
  });
}
