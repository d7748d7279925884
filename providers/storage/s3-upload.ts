import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { AbortMultipartUploadCommand } from '@aws-sdk/client-s3';
import type { PutObjectCommandInput, S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { linkSignals, withTimeLimit } from '../../core/time-limit.ts';
import { isNotFound } from './s3-client.ts';
import { checkArrived, chunksOf } from './write-hashed.ts';

/** At most 10,000 parts: 80 GiB. Four at once take 32 MiB. */
const PART_BYTES = 8 * 1024 * 1024;
const PARTS_AT_ONCE = 4;
/** Time limit for discarding the parts of a failed upload. Milliseconds. */
const ABORT_TIMEOUT_MS = 10_000;

interface UploadParams {
  readonly client: S3Client;
  readonly target: Omit<PutObjectCommandInput, 'Body' | 'Bucket' | 'Key'> & {
    readonly Bucket: string;
    readonly Key: string;
  };
  readonly body: Readable | Uint8Array;
  readonly expected: { readonly sizeBytes?: number; readonly sha256?: string };
  readonly onBytes?: ((bytes: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Uploads in one pass, in parts if large, and hashes on the way. The last bytes are held back until size and hash are
 * known to be right, so that a wrong body never becomes an object. On failure or abort no part is left behind.
 */
export async function uploadToS3(params: UploadParams): Promise<{ etag: string; sizeBytes: number; sha256: string }> {
  const { client, target, body, expected, onBytes, signal } = params;
  const hash = createHash('sha256');
  const arrived = { sizeBytes: 0, sha256: '' };
  async function* checked() {
    for await (const chunk of chunksOf(body, signal)) {
      hash.update(chunk);
      arrived.sizeBytes += chunk.length;
      onBytes?.(chunk.length);
      yield chunk;
    }
    arrived.sha256 = hash.digest('hex');
    checkArrived(target.Key, arrived, expected);
  }
  const source = Readable.from(checked(), { highWaterMark: 4 });
  const stop = new AbortController();
  const stopped = linkSignals([signal, stop.signal]);
  const upload = new Upload({
    client: withSignal(client, stopped.signal),
    params: { ...target, Body: source },
    partSize: PART_BYTES,
    queueSize: PARTS_AT_ONCE,
  });
  try {
    const { ETag } = await upload.done();
    return { etag: ETag ?? '', ...arrived };
  } catch (error) {
    source.destroy();
    stop.abort();
    await abortMultipart(client, target, upload.uploadId);
    signal?.throwIfAborted();
    throw error;
  } finally {
    stopped.release();
  }
}

/**
 * `Upload` does not pass its signal to requests (aws-sdk-js-v3 #5109), so parts in flight would go on after an abort.
 * This does.
 */
function withSignal(client: S3Client, signal: AbortSignal): S3Client {
  const send = (command: Parameters<S3Client['send']>[0]) => client.send(command, { abortSignal: signal });
  return Object.create(client, { send: { value: send } }) as S3Client;
}

async function abortMultipart(
  client: S3Client,
  { Bucket, Key }: { Bucket: string; Key: string },
  uploadId: string | undefined,
): Promise<void> {
  if (uploadId === undefined) return;
  const abort = new AbortMultipartUploadCommand({ Bucket, Key, UploadId: uploadId });
  const send = (abortSignal: AbortSignal) => client.send(abort, { abortSignal });
  await withTimeLimit(ABORT_TIMEOUT_MS, undefined, send).catch((error: unknown) => {
    // If it is already gone, all is well. Anything else must not hide why the upload failed; the bucket's lifecycle
    // rule cleans up.
    if (!isNotFound(error))
      process.emitWarning(
        `S3: parts of an upload to ${Bucket} may be left behind: set a lifecycle rule`,
        'TemperaWarning',
      );
  });
}
