import { createHash } from 'node:crypto';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import type { CompletedPart, PutObjectCommandInput, S3Client } from '@aws-sdk/client-s3';
import { linkSignals, withTimeLimit } from '../../core/time-limit.ts';
import type { ByteSource } from './object-store.ts';
import { isNotFound } from './s3-client.ts';
import { checkArrived, chunksOf } from './write-hashed.ts';

/** At most 10,000 parts: 80 GiB. Four in flight and the one being filled take 40 MiB. */
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
  readonly body: ByteSource;
  readonly expected: { readonly sizeBytes?: number; readonly sha256?: string };
  readonly onBytes?: ((bytes: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Uploads in one pass, in parts when it is large, and hashes on the way. The last bytes are held back until size and hash are
 * known to be right, so a wrong body never becomes an object. On failure or abort no part is left behind.
 */
export async function uploadToS3(params: UploadParams): Promise<{ etag: string; sizeBytes: number; sha256: string }> {
  const { client, target, body, expected, onBytes, signal } = params;
  const hash = createHash('sha256');
  const stop = new AbortController();
  const stopped = linkSignals([signal, stop.signal]);
  const parts = createParts({ client, target, stop, signal: stopped.signal });
  let part: Buffer | null = null;
  let used = 0;
  let sizeBytes = 0;
  try {
    for await (const chunk of chunksOf(body, stopped.signal)) {
      hash.update(chunk);
      sizeBytes += chunk.length;
      onBytes?.(chunk.length);
      if (sizeBytes > (expected.sizeBytes ?? Infinity)) checkArrived(target.Key, { sizeBytes, sha256: '' }, expected);
      for (let from = 0; from < chunk.length;) {
        if (part !== null && used === part.length) {
          await parts.send(part, part);
          part = null;
        }
        if (part === null) {
          part = parts.freeBuffer(Math.min(PART_BYTES, Math.max(1, expected.sizeBytes ?? PART_BYTES)));
          used = 0;
        }
        const taken = chunk.subarray(from, from + part.length - used);
        part.set(taken, used);
        used += taken.length;
        from += taken.length;
      }
    }
    const arrived = { sizeBytes, sha256: hash.digest('hex') };
    checkArrived(target.Key, arrived, expected);
    const etag = await parts.finish(part?.subarray(0, used) ?? Buffer.alloc(0));
    return { etag, ...arrived };
  } catch (error) {
    // A part that failed has ended the reading too, with its own error.
    const cause: unknown = stop.signal.aborted ? stop.signal.reason : error;
    stop.abort(cause);
    await parts.discard();
    signal?.throwIfAborted();
    throw cause;
  } finally {
    stopped.release();
  }
}

/** The parts of one upload; it becomes one only with the first `send`. */
function createParts(params: {
  client: S3Client;
  target: UploadParams['target'];
  /** Aborted, with the error, by the first part that fails. */
  stop: AbortController;
  signal: AbortSignal;
}) {
  const { client, target, stop, signal: abortSignal } = params;
  const { Bucket, Key, IfMatch, IfNoneMatch, ...properties } = target;
  const condition = { ...(IfMatch !== undefined && { IfMatch }), ...(IfNoneMatch !== undefined && { IfNoneMatch }) };
  const free: Buffer[] = [];
  const underWay = new Set<Promise<void>>();
  const sent: CompletedPart[] = [];
  let UploadId: string | undefined;

  async function begin(): Promise<void> {
    // Announced, or the server would not take the parts with the checksums that the SDK gives to each by default.
    const isChecked = (await client.config.requestChecksumCalculation()) === 'WHEN_SUPPORTED';
    const create = { ...properties, Bucket, Key, ...(isChecked && { ChecksumAlgorithm: 'CRC32' as const }) };
    ({ UploadId } = await client.send(new CreateMultipartUploadCommand(create), { abortSignal }));
  }

  async function upload(Body: Buffer, PartNumber: number): Promise<void> {
    const command = new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body });
    const { ETag, ChecksumCRC32 } = await client.send(command, { abortSignal });
    sent[PartNumber - 1] = { PartNumber, ETag, ...(ChecksumCRC32 !== undefined && { ChecksumCRC32 }) };
  }

  /** Settles when there is room for the next part. `buffer` is whole again for use once its bytes have arrived. */
  async function send(bytes: Buffer, buffer?: Buffer): Promise<void> {
    if (UploadId === undefined) await begin();
    const PartNumber = sent.push({});
    const part = upload(bytes, PartNumber)
      .then(
        () => void (buffer && free.push(buffer)),
        (error: unknown) => stop.abort(error),
      )
      .finally(() => underWay.delete(part));
    underWay.add(part);
    while (underWay.size >= PARTS_AT_ONCE) await Promise.race(underWay);
    abortSignal.throwIfAborted();
  }

  return {
    send,
    freeBuffer: (sizeBytes: number): Buffer => free.pop() ?? Buffer.allocUnsafeSlow(sizeBytes),

    /** Sends the last bytes and makes the object visible. Answers its ETag. */
    async finish(last: Buffer): Promise<string> {
      if (UploadId === undefined) {
        const command = new PutObjectCommand({ ...target, Body: last });
        return (await client.send(command, { abortSignal })).ETag ?? '';
      }
      await send(last);
      await Promise.all(underWay);
      abortSignal.throwIfAborted();
      const whole = { Bucket, Key, UploadId, ...condition, MultipartUpload: { Parts: sent } };
      return (await client.send(new CompleteMultipartUploadCommand(whole), { abortSignal })).ETag ?? '';
    },

    /** Waits for what is under way, which the signal has ended, and leaves nothing behind. */
    async discard(): Promise<void> {
      await Promise.all(underWay);
      if (UploadId === undefined) return;
      const abort = new AbortMultipartUploadCommand({ Bucket, Key, UploadId });
      const ask = (limit: AbortSignal) => client.send(abort, { abortSignal: limit });
      await withTimeLimit(ABORT_TIMEOUT_MS, undefined, ask).catch((error: unknown) => {
        // Gone already is what we want. Anything else must not hide why the upload failed; the bucket's lifecycle rule is the net.
        if (!isNotFound(error))
          process.emitWarning(
            `S3: parts of an upload to ${Bucket} may be left behind: set a lifecycle rule`,
            'TemperaWarning',
          );
      });
    },
  };
}
