import { createHash } from 'node:crypto';
import { addAbortSignal } from 'node:stream';
import type { Readable } from 'node:stream';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  paginateListObjectsV2,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { TemperaError } from '../../core/failure.ts';
import type { FailureCode } from '../../core/failure.ts';
import { withTimeLimit } from '../../core/time-limit.ts';
import { checkKey, checkPrefix } from './keys.ts';
import type { ByteSource, ObjectStore, PutOptions, StoredObject } from './object-store.ts';
import { createS3Client, isNotFound, s3Failure, s3Status } from './s3-client.ts';
import type { S3ClientOptions } from './s3-client.ts';
import { uploadToS3 } from './s3-upload.ts';
import { MAX_URL_TTL_SECONDS } from './signed-object-url.ts';

/** "~" occurs in none of our keys. */
const RECORDS = '~sha256/';
/** A readiness check must not hang. Milliseconds. */
const PING_TIMEOUT_MS = 2_000;

export interface S3StoreOptions extends S3ClientOptions {
  readonly bucket: string;
}

/**
 * Keeps objects in a bucket.
 *
 * Where the SHA-256 is kept: user metadata must be sent before the first byte of an upload, but a stream's hash is
 * known only after the last. If the hash is known beforehand (bytes in memory, or `sha256` was given), it goes into the
 * metadata. Otherwise a small record `~sha256/<key>` is written after the object, naming the ETag that it belongs to.
 * That costs one tiny request instead of a second pass or a full server-side copy (which beyond 5 GiB would be a
 * multipart copy of its own). A record counts only for its ETag, so after a crash between the two writes `head` reads
 * the object once and writes the record again.
 */
export function createS3Store({ bucket, ...connection }: S3StoreOptions): ObjectStore {
  const client = createS3Client(connection);
  const at = (key: string) => {
    checkKey(key);
    return { Bucket: bucket, Key: key };
  };
  const recordAt = (key: string) => ({ Bucket: bucket, Key: RECORDS + key });

  async function put(key: string, body: ByteSource, options: PutOptions = {}): Promise<StoredObject> {
    const sha256 =
      options.sha256?.toLowerCase() ??
      (body instanceof Uint8Array ? createHash('sha256').update(body).digest('hex') : undefined);
    const { etag, ...arrived } = await uploadToS3({
      client,
      target: {
        ...at(key),
        ...(options.contentType !== undefined && { ContentType: options.contentType }),
        ...(sha256 !== undefined && { Metadata: { sha256 } }),
      },
      body,
      expected: options,
      onBytes: options.onBytes,
      signal: options.signal,
    });
    if (sha256 === undefined) await writeRecord(key, etag, arrived.sha256);
    return { key, ...arrived };
  }

  async function get(
    key: string,
    { range, signal }: { range?: { start: number; end: number }; signal?: AbortSignal } = {},
  ) {
    const Range = range && `bytes=${range.start}-${range.end}`;
    const answer = await orNull(
      client.send(new GetObjectCommand({ ...at(key), ...(Range && { Range }) }), withAbort(signal)),
    );
    if (!answer) return null;
    const body = answer.Body as Readable;
    if (signal) addAbortSignal(signal, body);
    return {
      body,
      sizeBytes: Number(answer.ContentRange?.split('/')[1] ?? answer.ContentLength),
      etag: answer.ETag ?? '',
    };
  }

  async function head(key: string, signal?: AbortSignal): Promise<StoredObject | null> {
    const found = await orNull(client.send(new HeadObjectCommand(at(key)), withAbort(signal)));
    if (!found) return null;
    const sizeBytes = found.ContentLength ?? 0;
    const known = found.Metadata?.['sha256'] ?? (await readRecord(key, found.ETag ?? '', signal));
    if (known !== null) return { key, sizeBytes, sha256: known };
    const object = await get(key, signal && { signal });
    if (!object) return null;
    const hash = createHash('sha256');
    for await (const chunk of object.body) hash.update(chunk as Buffer);
    const sha256 = hash.digest('hex');
    await writeRecord(key, object.etag, sha256);
    return { key, sizeBytes: object.sizeBytes, sha256 };
  }

  async function readRecord(key: string, etag: string, signal?: AbortSignal): Promise<string | null> {
    const record = await orNull(client.send(new GetObjectCommand(recordAt(key)), withAbort(signal)));
    const [forEtag, sha256 = ''] = (await record?.Body?.transformToString())?.split(' ') ?? [];
    return forEtag === etag && /^[0-9a-f]{64}$/.test(sha256) ? sha256 : null;
  }

  async function writeRecord(key: string, etag: string, sha256: string): Promise<void> {
    await client.send(new PutObjectCommand({ ...recordAt(key), Body: `${etag} ${sha256}`, ContentType: 'text/plain' }));
  }

  async function list(prefix: string, signal?: AbortSignal): Promise<string[]> {
    checkPrefix(prefix);
    const keys: string[] = [];
    for await (const page of paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: prefix }, withAbort(signal))) {
      for (const { Key } of page.Contents ?? []) if (Key !== undefined && !Key.startsWith('~')) keys.push(Key);
    }
    return keys.sort();
  }

  return {
    kind: 's3',
    put: (key, body, options) => guarded(`put ${key}`, () => put(key, body, options), options?.signal),
    get: (key, options) => guarded(`get ${key}`, () => get(key, options), options?.signal),
    head: (key, signal) => guarded(`head ${key}`, () => head(key, signal), signal),
    delete: (key, signal) =>
      guarded(
        `delete ${key}`,
        async () => {
          await client.send(new DeleteObjectCommand(at(key)), withAbort(signal));
          await client.send(new DeleteObjectCommand(recordAt(key)), withAbort(signal));
        },
        signal,
      ),
    list: (prefix, signal) => guarded(`list ${prefix}`, () => list(prefix, signal), signal),
    async signedUrl(key, { ttlSeconds, filename }) {
      if (!(ttlSeconds > 0 && ttlSeconds <= MAX_URL_TTL_SECONDS))
        throw new RangeError(`ttlSeconds must be from 1 to ${MAX_URL_TTL_SECONDS}`);
      const ResponseContentDisposition = filename && `attachment; filename*=UTF-8''${encodeURIComponent(filename)}`;
      const command = new GetObjectCommand({
        ...at(key),
        ...(ResponseContentDisposition && { ResponseContentDisposition }),
      });
      return await guarded(`sign ${key}`, () => getSignedUrl(client, command, { expiresIn: Math.ceil(ttlSeconds) }));
    },
    async ping(signal) {
      const head = new HeadBucketCommand({ Bucket: bucket });
      const ask = (abortSignal: AbortSignal) =>
        client.send(head, { abortSignal }).catch((error: unknown) => {
          // An answer to HEAD has no body to say so.
          if (s3Status(error) !== 404) throw error;
          throw new TemperaError('PROVIDER_UNAVAILABLE', `S3: the bucket ${bucket} does not exist`);
        });
      const inTime = () => withTimeLimit(PING_TIMEOUT_MS, signal, ask);
      await guarded(`the bucket ${bucket}`, inTime, signal, 'PROVIDER_UNAVAILABLE');
    },
  };
}

/** Runs one operation; its errors get codes, and an abort keeps the caller's own reason. */
async function guarded<T>(
  what: string,
  action: () => Promise<T>,
  signal?: AbortSignal,
  fallback: FailureCode = 'INTERNAL',
): Promise<T> {
  try {
    signal?.throwIfAborted();
    return await action();
  } catch (error) {
    signal?.throwIfAborted();
    if (s3Status(error) === 416)
      throw new TemperaError('INTERNAL', `S3: ${what}: the range begins after the object’s end`);
    throw error instanceof RangeError ? error : s3Failure(error, { what, fallback });
  }
}

async function orNull<T>(promise: Promise<T>): Promise<T | null> {
  return await promise.catch((error: unknown) => {
    if (isNotFound(error)) return null;
    throw error;
  });
}

function withAbort(signal: AbortSignal | undefined): { abortSignal?: AbortSignal } {
  return signal ? { abortSignal: signal } : {};
}
