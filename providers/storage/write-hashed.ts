import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { TemperaError } from '../../core/failure.ts';
import type { ByteSource } from './object-store.ts';

/** One write call per megabyte: a call per 64 KiB of socket data costs a fifth of the throughput. */
const BATCH_BYTES = 1024 * 1024;
/** How much may wait for the disk: writing overlaps with receiving, and the last sync is short. */
const SYNC_BYTES = 64 * 1024 * 1024;
/** Linux takes at most 1,024 buffers in one writev. */
const BATCH_CHUNKS = 512;

interface WriteOptions {
  readonly onBytes?: ((bytes: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Writes a body to an open file and hashes it on the way: while one batch is being written (in Node's thread pool),
 * the next one is received and hashed. Nothing is copied, and at most two batches are held.
 */
export async function writeHashed(
  file: FileHandle,
  body: ByteSource,
  options: WriteOptions,
): Promise<{ sizeBytes: number; sha256: string }> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  let batch: Uint8Array[] = [];
  let batchBytes = 0;
  let unsyncedBytes = 0;
  let writing: Promise<void> = Promise.resolve();
  let syncing: Promise<void> = Promise.resolve();
  const flush = async () => {
    await writing;
    if (unsyncedBytes >= SYNC_BYTES) {
      await syncing;
      syncing = file.datasync();
      syncing.catch(() => undefined);
      unsyncedBytes = 0;
    }
    writing = writeAll(file, batch, batchBytes);
    // The next await of `writing` throws the error; this keeps Node from reporting it as unhandled until then.
    writing.catch(() => undefined);
    unsyncedBytes += batchBytes;
    batch = [];
    batchBytes = 0;
  };
  for await (const chunk of chunksOf(body, options.signal)) {
    hash.update(chunk);
    batch.push(chunk);
    batchBytes += chunk.length;
    sizeBytes += chunk.length;
    options.onBytes?.(chunk.length);
    if (batchBytes >= BATCH_BYTES || batch.length >= BATCH_CHUNKS) await flush();
  }
  await flush();
  await writing;
  await syncing;
  return { sizeBytes, sha256: hash.digest('hex') };
}

/**
 * The chunks of a body. An abort destroys the source; an interrupted source throws PROVIDER_UNAVAILABLE unless it has
 * its own code.
 */
export async function* chunksOf(body: ByteSource, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  // Whoever handed it over has let go of it.
  if (signal?.aborted && !(body instanceof Uint8Array)) body.destroy();
  signal?.throwIfAborted();
  if (body instanceof Uint8Array) {
    yield body;
    return;
  }
  const stop = () => body.destroy(signal?.reason instanceof Error ? signal.reason : new Error('aborted'));
  signal?.addEventListener('abort', stop, { once: true });
  try {
    for await (const chunk of body) yield chunk;
    signal?.throwIfAborted();
  } catch (cause) {
    signal?.throwIfAborted();
    if (cause instanceof TemperaError) throw cause;
    const why = cause instanceof Error ? cause.message.slice(0, 100) : 'unknown';
    throw new TemperaError('PROVIDER_UNAVAILABLE', `The source was interrupted: ${why}`, { cause });
  } finally {
    signal?.removeEventListener('abort', stop);
    body.destroy();
  }
}

/**
 * Compares what arrived with what was announced. Throws ARTIFACT_INVALID, retryable: a second transfer may well
 * succeed.
 */
export function checkArrived(
  key: string,
  arrived: { sizeBytes: number; sha256: string },
  expected: { sizeBytes?: number; sha256?: string },
): void {
  const { sizeBytes, sha256 } = expected;
  if (sizeBytes !== undefined && arrived.sizeBytes !== sizeBytes) {
    throw new TemperaError(
      'ARTIFACT_INVALID',
      `${key}: ${arrived.sizeBytes} bytes arrived instead of the announced ${sizeBytes}`,
      { retryable: true },
    );
  }
  if (sha256 !== undefined && arrived.sha256 !== sha256.toLowerCase()) {
    throw new TemperaError('ARTIFACT_INVALID', `${key}: the bytes that arrived do not have the announced SHA-256`, {
      retryable: true,
    });
  }
}

async function writeAll(file: FileHandle, chunks: Uint8Array[], bytes: number): Promise<void> {
  if (bytes === 0) return;
  const { bytesWritten } = await file.writev(chunks);
  // A write to a regular file is short only when the disk is full or a quota is reached.
  if (bytesWritten !== bytes) throw Object.assign(new Error('short write'), { code: 'ENOSPC' });
}
