/** The boundary between our errors and Temporal's: codes become ApplicationFailure types, and no secret crosses it. */
import { CancelledFailure, Context } from '@temporalio/activity';
import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import { TemperaError } from '../core/failure.ts';

/** Longest message in a history. Characters; the server's limit for a failure of a pending activity is 4 KB. */
const MAX_MESSAGE = 1_000;
const CREDENTIALS =
  /(bearer\s+\S+)|\b(hf_\w{8,}|rpa_\w{8,}|tmp_\w{8,})|(X-Amz-[A-Za-z]+=[^&\s]+)|((signature|token|password|secret)=[^&\s]+)|(:\/\/[^/\s:]+:[^@\s]+@)/gi;

/** Redacts everything that looks like a credential; a last safeguard, since errors are made without them. */
export function redact(text: string, maxLength = MAX_MESSAGE): string {
  // PostgreSQL accepts neither NUL nor half a surrogate pair.
  return text
    .replace(CREDENTIALS, '[redacted]')
    .slice(0, maxLength)
    .replaceAll('\u0000', '')
    .replace(/[\ud800-\udfff]/gu, '');
}

/** The failure that an activity reports for an error thrown in it. */
function toFailure(error: unknown): Error {
  if (error instanceof ApplicationFailure || error instanceof CancelledFailure) return error;
  if (error instanceof TemperaError) {
    return ApplicationFailure.create({
      type: error.code,
      message: redact(error.message),
      nonRetryable: !error.retryable,
      details: [error.ids, ...(error.figures === undefined ? [] : [error.figures])],
      // Being told to slow down is no reason to raise an alarm.
      category: error.code === 'RATE_LIMITED' ? ApplicationFailureCategory.BENIGN : undefined,
      ...(error.retryAfterMs === undefined ? {} : { nextRetryDelay: error.retryAfterMs }),
    });
  }
  const text = error instanceof Error ? `${error.name}: ${error.message}` : 'something other than an error was thrown';
  // Prisma's errors mean that the database is restarting or unreachable; anything else is a bug of ours. Both are
  // retried.
  const fromDatabase = error instanceof Error && error.name.startsWith('PrismaClient');
  return ApplicationFailure.create({
    type: fromDatabase ? 'PROVIDER_UNAVAILABLE' : 'INTERNAL',
    message: redact(text),
    nonRetryable: fromDatabase && isRefusedQuery(error),
  });
}

/**
 * A query that the database will never accept: a value too long or malformed (P2000, P2023), a missing row (P2025), a
 * wrong shape.
 */
function isRefusedQuery(error: Error): boolean {
  if (error.name === 'PrismaClientValidationError') return true;
  return 'code' in error && ['P2000', 'P2023', 'P2025'].includes(String(error.code));
}

type Activity = (...args: never[]) => Promise<unknown>;

/** Wraps every activity so that it only fails with codes of the policy. */
export function withFailures<Activities extends Record<string, Activity>>(activities: Activities): Activities {
  const wrapped = Object.entries(activities).map(([name, run]) => [
    name,
    async (...args: never[]) => {
      try {
        return await run(...args);
      } catch (error) {
        // Calls throw different things when aborted; the reason of the abort is what counts.
        const { cancellationSignal } = Context.current();
        throw cancellationSignal.aborted ? cancellationSignal.reason : toFailure(error);
      }
    },
  ]);
  return Object.fromEntries(wrapped) as Activities;
}
