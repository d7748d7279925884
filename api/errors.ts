/** Errors that the API returns on purpose. Everything else becomes a 500 without details, see plugins/errors.ts. */
import type { LimitFigures } from '../core/spend-limit.ts';

interface ApiErrorOptions {
  /** One sentence per fault. */
  readonly details?: readonly string[] | undefined;
  /** The figures of exceeded spending limits. */
  readonly figures?: readonly LimitFigures[] | undefined;
  /** When the caller may try again. Seconds. */
  readonly retryAfterSeconds?: number | undefined;
  readonly cause?: unknown;
}

/** An answer other than success: HTTP status, stable code, a sentence for a person. Carries no secret. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly statusCode: number;
  readonly code: string;
  readonly details: readonly string[] | undefined;
  readonly figures: readonly LimitFigures[] | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(statusCode: number, code: string, message: string, options: ApiErrorOptions = {}) {
    const { details, figures, retryAfterSeconds, cause } = options;
    super(message, cause === undefined ? undefined : { cause });
    this.statusCode = statusCode;
    this.code = code;
    this.details = details;
    this.figures = figures;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** 404, both for things that do not exist and for things that belong to somebody else. */
export function notFound(what: string): ApiError {
  return new ApiError(404, 'NOT_FOUND', `There is no such ${what}.`);
}

/** 422 with all the faults of a request. */
export function invalid(details: readonly string[]): ApiError {
  return new ApiError(422, 'VALIDATION', 'The request is not valid.', { details });
}

/** 503 for one of our own parts that does not answer. */
export function unavailable(
  code: 'DATABASE_UNAVAILABLE' | 'TEMPORAL_UNAVAILABLE' | 'STORE_UNAVAILABLE',
  message: string,
  cause?: unknown,
): ApiError {
  return new ApiError(503, code, message, { cause });
}
