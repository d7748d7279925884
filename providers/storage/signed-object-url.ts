/** Signed URLs of the file system store: the API serves `/v1/objects/<key>` to anyone who has one, until it expires. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { SignedUrlOptions } from './object-store.ts';

/** S3's own limit, kept for both stores. */
export const MAX_URL_TTL_SECONDS = 7 * 24 * 3_600;

interface SignedFields {
  readonly secret: string;
  readonly key: string;
  /** Unix time. Seconds. */
  readonly expires: number;
  readonly filename?: string | undefined;
}

/** Makes `<publicUrl>/v1/objects/<key>?expires=...&filename=...&signature=...`. */
export function signObjectUrl(params: { secret: string; publicUrl: string; key: string } & SignedUrlOptions): string {
  const { secret, publicUrl, key, ttlSeconds, filename } = params;
  if (!(ttlSeconds > 0 && ttlSeconds <= MAX_URL_TTL_SECONDS))
    throw new RangeError(`ttlSeconds must be from 1 to ${MAX_URL_TTL_SECONDS}`);
  const expires = Math.floor(Date.now() / 1_000) + Math.ceil(ttlSeconds);
  const query = new URLSearchParams({ expires: String(expires) });
  if (filename !== undefined) query.set('filename', filename);
  query.set('signature', signature({ secret, key, expires, filename }).toString('base64url'));
  return `${publicUrl}/v1/objects/${key}?${query.toString()}`;
}

/**
 * True when the signature is ours, for exactly these fields, and has not expired. Takes the same time for any
 * signature.
 */
export function verifySignedObjectUrl(
  params: SignedFields & { readonly signature: string; readonly now?: number },
): boolean {
  const { expires, now = Date.now() } = params;
  const expected = signature(params);
  const given = Buffer.from(params.signature, 'base64url');
  const same = given.length === expected.length && timingSafeEqual(given, expected);
  return same && Number.isInteger(expires) && now < expires * 1_000;
}

/** The purpose comes first, so that no other HMAC under the app key can pass as a URL's. */
function signature({ secret, key, expires, filename }: SignedFields): Buffer {
  return createHmac('sha256', secret)
    .update(JSON.stringify(['object-url', key, expires, filename ?? null]))
    .digest();
}
