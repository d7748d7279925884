/** Every API error has one shape: `{ code, message, requestId, details? }`. */
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { TemperaError } from '../../core/failure.ts';
import { isDatabaseUnavailable } from '../database-errors.ts';
import { ApiError, unavailable } from '../errors.ts';
import { registerNotFound } from './not-allowed.ts';

/** Codes and sentences for errors of Fastify and its plugins, whose own texts reveal too much about the internals. */
const FRAMEWORK_ERRORS: Readonly<Record<string, { status: number; code: string; message: string }>> = {
  FST_ERR_CTP_INVALID_JSON_BODY: { status: 400, code: 'BAD_JSON', message: 'The body is not valid JSON.' },
  FST_ERR_CTP_EMPTY_JSON_BODY: {
    status: 400,
    code: 'BAD_JSON',
    message: 'The body is empty, although its content type is JSON.',
  },
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: {
    status: 400,
    code: 'BAD_REQUEST',
    message: 'The body is shorter or longer than its content-length.',
  },
  FST_ERR_CTP_INVALID_MEDIA_TYPE: {
    status: 415,
    code: 'UNSUPPORTED_MEDIA_TYPE',
    message: 'This route does not take a body of that content type.',
  },
  FST_ERR_CTP_BODY_TOO_LARGE: { status: 413, code: 'BODY_TOO_LARGE', message: 'The body is larger than 1 MB.' },
  FST_ERR_BAD_URL: { status: 400, code: 'BAD_URL', message: 'The address is not well-formed.' },
  FST_ERR_MAX_PARAM_LENGTH: { status: 404, code: 'NOT_FOUND', message: 'There is nothing at this address.' },
  FST_INVALID_MULTIPART_CONTENT_TYPE: {
    status: 415,
    code: 'UNSUPPORTED_MEDIA_TYPE',
    message: 'This route takes multipart/form-data.',
  },
  FST_REQ_FILE_TOO_LARGE: { status: 413, code: 'FILE_TOO_LARGE', message: 'A file is larger than 1 GB.' },
  FST_FILES_LIMIT: { status: 413, code: 'TOO_MANY_FILES', message: 'There are too many files in one request.' },
  FST_PARTS_LIMIT: { status: 413, code: 'TOO_MANY_FILES', message: 'There are too many parts in one request.' },
  FST_FIELDS_LIMIT: { status: 413, code: 'TOO_MANY_FIELDS', message: 'There are too many fields in one request.' },
  FST_PROTO_VIOLATION: { status: 400, code: 'BAD_MULTIPART', message: 'A part has a name that is not allowed.' },
  FST_MP_PREMATURE_CLOSE: { status: 400, code: 'BAD_MULTIPART', message: 'The upload ended before it was complete.' },
};

interface SchemaFault {
  readonly keyword?: string;
  readonly instancePath?: string;
  readonly message?: string;
  readonly params?: { readonly additionalProperties?: readonly string[] };
}

export function registerErrors(app: FastifyInstance): void {
  app.setErrorHandler((error: FastifyError, request, reply) => sendError(error, request, reply));
  registerNotFound(app, sendError);
}

export function sendError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const known = asApiError(error);
  // When a client goes away, its work is aborted: errors from that are not ours.
  if (known.statusCode >= 500 && !reply.raw.destroyed)
    request.log.error({ code: known.code, error: brief(error) }, 'request failed');
  if (known.statusCode === 401) void reply.header('www-authenticate', 'Bearer');
  const { statusCode, code, message, details, figures } = known;
  const { retryAfterSeconds = statusCode === 503 ? 2 : undefined } = known;
  if (retryAfterSeconds !== undefined) void reply.header('retry-after', String(retryAfterSeconds));
  return reply
    .status(statusCode)
    .type('application/json; charset=utf-8')
    .send({
      code,
      message,
      requestId: request.id,
      ...(details === undefined ? {} : { details }),
      ...(figures === undefined ? {} : { figures }),
    });
}

function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (isDatabaseUnavailable(error))
    return unavailable('DATABASE_UNAVAILABLE', 'The database is not responding; try again.', error);
  // Only the store's errors get this far. The reason is for the operator, in the log.
  if (error instanceof TemperaError || isDiskFull(error)) {
    return unavailable('STORE_UNAVAILABLE', 'The object store is not available at the moment; try again later.', error);
  }
  const { code, validation, validationContext, statusCode } = error as FastifyError;
  if (validation !== undefined) {
    if (validationContext === 'params') return new ApiError(404, 'NOT_FOUND', 'There is nothing with this id.');
    const details = schemaFaults(validation, validationContext ?? 'body');
    return new ApiError(422, 'VALIDATION', 'The request is not valid.', { details });
  }
  const framework = typeof code === 'string' ? FRAMEWORK_ERRORS[code] : undefined;
  if (framework !== undefined) return new ApiError(framework.status, framework.code, framework.message);
  if (error instanceof SyntaxError && statusCode === 400)
    return new ApiError(400, 'BAD_JSON', 'The body is not valid JSON.');
  if (typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500) {
    return new ApiError(statusCode, 'BAD_REQUEST', 'The request could not be read.');
  }
  return new ApiError(500, 'INTERNAL', 'Something went wrong on our side.', { cause: error });
}

function isDiskFull(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOSPC' || code === 'EDQUOT';
}

/** One sentence per fault, with the place in the body: "recipe.steps must be number". */
function schemaFaults(faults: readonly SchemaFault[], context: string): string[] {
  const sentences = faults.map(({ instancePath = '', message = 'is not valid', params }) => {
    const place = instancePath.slice(1).replaceAll('/', '.') || context;
    const extra = params?.additionalProperties;
    return Array.isArray(extra) ? `${place} has unknown fields: ${extra.join(', ')}` : `${place} ${message}`;
  });
  return [...new Set(sentences)].slice(0, 50);
}

/** What may be logged about an error: no query arguments, no bodies. Prisma's messages begin with the query's text. */
function brief(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { type: typeof error };
  const { code } = error as FastifyError;
  const message = error.message.trim().split('\n').at(-1)?.slice(0, 300);
  const at = error.stack
    ?.split('\n')
    .find((line) => line.includes('/api/') || line.includes('/prisma/repositories/'))
    ?.trim();
  return { type: error.name, code, message, at, ...(error.cause === undefined ? {} : { cause: brief(error.cause) }) };
}
