import { S3Client } from '@aws-sdk/client-s3';
import type { S3ClientConfig } from '@aws-sdk/client-s3';
import { TemperaError } from '../../core/failure.ts';
import type { FailureCode } from '../../core/failure.ts';

export interface S3ClientOptions {
  readonly region: string;
  /** A server that is not AWS. */
  readonly endpoint?: string | undefined;
  /** The SDK's own chain (environment, profile, instance role) when absent. */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string } | undefined;
}

/**
 * A client with time limits. Other servers than AWS get path-style addresses and no checksums that they may not know.
 */
export function createS3Client({ region, endpoint, credentials }: S3ClientOptions): S3Client {
  // R2, Backblaze and others reject the checksum headers that the SDK sends by default (aws-sdk-js-v3 #6810). Our own
  // SHA-256 guards every object in either case.
  const checksums = endpoint === undefined ? 'WHEN_SUPPORTED' : 'WHEN_REQUIRED';
  const config: S3ClientConfig = {
    region,
    requestChecksumCalculation: checksums,
    responseChecksumValidation: checksums,
    // Longest wait for a connection and longest silence on one. Milliseconds.
    requestHandler: { connectionTimeout: 5_000, socketTimeout: 60_000 },
  };
  if (endpoint !== undefined) Object.assign(config, { endpoint, forcePathStyle: true });
  if (credentials) config.credentials = credentials;
  const client = new S3Client(config);
  leaveBodiesUnsigned(client);
  return client;
}

/**
 * TLS guards the bytes on their way, and S3 takes a body without its hash then: else the SDK hashes every body a second time,
 * at half the throughput. Without TLS the signature goes on covering the body.
 */
function leaveBodiesUnsigned(client: S3Client): void {
  client.middlewareStack.add(
    (next) => async (args) => {
      const request = args.request as { protocol?: string; body?: unknown; headers?: Record<string, string> };
      if (request.protocol === 'https:' && request.body !== undefined && request.headers)
        request.headers['x-amz-content-sha256'] = 'UNSIGNED-PAYLOAD';
      return await next(args);
    },
    { step: 'build', name: 'leaveBodiesUnsigned' },
  );
}

/** HTTP status of the answer behind an SDK error; undefined when there was no answer. */
export function s3Status(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('$metadata' in error)) return undefined;
  return (error.$metadata as { httpStatusCode?: number }).httpStatusCode;
}

export function isNotFound(error: unknown): boolean {
  return s3Status(error) === 404 && !(error instanceof Error && error.name === 'NoSuchBucket');
}

/** Whether an error means that a bucket is missing or closed to us, rather than that our keys are wrong. */
export function isRefusedBucket(error: unknown): error is Error {
  if (!(error instanceof Error)) return false;
  return error.name === 'NoSuchBucket' || (s3Status(error) === 403 && !KEY_NAMES.has(error.name));
}

/** Our keys themselves are rejected. */
const KEY_NAMES = new Set(['CredentialsProviderError', 'InvalidAccessKeyId', 'SignatureDoesNotMatch', 'ExpiredToken']);
const AUTH_NAMES = new Set([...KEY_NAMES, 'AccessDenied', 'Forbidden']);
const SLOW_NAMES = new Set(['SlowDown', 'TooManyRequestsException', 'ThrottlingException', 'RequestLimitExceeded']);

/**
 * Gives an error of the SDK a code. `fallback` is for answers that will not change by asking again. The SDK's error
 * itself is not kept: on a wrong signature it carries what was signed.
 */
export function s3Failure(error: unknown, params: { what: string; fallback: FailureCode }): unknown {
  if (error instanceof TemperaError || !(error instanceof Error)) return error;
  const { what, fallback } = params;
  const status = s3Status(error);
  const cause = Object.assign(new Error(error.message), { name: error.name });
  const fail = (code: FailureCode, sentence: string) =>
    new TemperaError(code, `S3: ${what}: ${sentence} (${error.name})`, { cause });
  if (AUTH_NAMES.has(error.name) || status === 401 || status === 403)
    return fail('AUTH', 'the credentials were rejected or lack permission');
  if (SLOW_NAMES.has(error.name) || status === 429) return fail('RATE_LIMITED', 'the server asked us to slow down');
  if (error.name === 'NoSuchBucket') return fail(fallback, 'there is no such bucket');
  if (status === undefined || status >= 500 || status === 408) return fail('PROVIDER_UNAVAILABLE', 'no usable answer');
  return fail(fallback, `refused with HTTP ${status}`);
}
