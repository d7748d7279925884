import { TemperaError } from '../../core/failure.ts';

const SEGMENT = /^[A-Za-z0-9._-]{1,255}$/;
/** S3's limit; all our characters are one byte each. */
const MAX_KEY_LENGTH = 1_024;

/** Accepts only keys that are safe as a path and as an S3 key. Throws INTERNAL: we make keys, users never do. */
export function checkKey(key: string): void {
  const segments = key.split('/');
  const safe = segments.every((segment) => SEGMENT.test(segment) && segment !== '.' && segment !== '..');
  if (!safe || key.length > MAX_KEY_LENGTH) {
    throw new TemperaError(
      'INTERNAL',
      `"${key.slice(0, 100)}" is not a key of the object store: segments of [A-Za-z0-9._-] joined by "/"`,
    );
  }
}

/** Like `checkKey`, for the beginning of a key: empty, or ending anywhere in one. */
export function checkPrefix(prefix: string): void {
  if (prefix !== '') checkKey(prefix.endsWith('/') ? prefix.slice(0, -1) : prefix);
}
