import type { FastifyInstance } from 'fastify';
import { apiKeyOf } from '../api-key.ts';
import type { ApiDeps } from '../deps.ts';
import { ApiError } from '../errors.ts';
import { sha256Hex } from '../ids.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Owner of the API key; empty on public routes. */
    userId: string;
    /** Id of the API key itself; empty on public routes. */
    keyId: string;
    /** Who that is, for records that people read: e-mail address and key name. */
    userName: string;
    /** Who sent a signal to a training, for people who read its history; no e-mail address. */
    by: string;
    /** Whether that user may read data about all users. */
    isOperator: boolean;
  }
}

/** Lets only requests with a valid API key into this scope. */
export function requireApiKey(
  scope: FastifyInstance,
  { repositories, clock }: Pick<ApiDeps, 'repositories' | 'clock'>,
): void {
  scope.addHook('onRequest', async (request) => {
    const key = apiKeyOf(request.headers);
    const owner = key === null ? null : await repositories.keys.findApiKeyOwner(sha256Hex(key));
    if (owner === null)
      throw new ApiError(401, 'UNAUTHENTICATED', 'Send a valid API key: "Authorization: Bearer tmp_...".');
    request.userId = owner.userId;
    request.keyId = owner.keyId;
    request.isOperator = owner.isOperator;
    request.userName = `${owner.email} (${owner.keyName})`;
    request.by = `the API key “${owner.keyName}”`;
    // Nothing needs the key from here on, so it is removed: @fastify/multipart logs all headers (10.1, level trace).
    delete request.headers.authorization;
    delete request.headers['x-api-key'];
    await repositories.keys.touchApiKey(owner, clock());
  });
}
