import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import type { Readable } from 'node:stream';

export type SavedStream =
  | { readonly status: 'saved'; readonly bytes: number; readonly sha256: string; readonly head: Buffer }
  /** Larger than allowed; read to its end anyway, so that the next part can be read. */
  | { readonly status: 'too_large' };

const HEAD_BYTES = 4;

/** Writes a stream to a new file while hashing it. `maxBytes` is asked once, with the first bytes. */
export async function saveStream(
  path: string,
  stream: Readable,
  maxBytes: (head: Buffer) => number,
  onBytes: (bytes: number) => void,
): Promise<SavedStream> {
  // The loop below throws the stream's error. Until it runs nobody else listens, and an unhandled error ends the
  // process.
  stream.once('error', () => undefined);
  const hash = createHash('sha256');
  const file = await open(path, 'wx', 0o600);
  let head = Buffer.alloc(0);
  let bytes = 0;
  let limit: number | undefined;
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      onBytes(chunk.length);
      bytes += chunk.length;
      if (head.length < HEAD_BYTES) head = Buffer.concat([head, chunk.subarray(0, HEAD_BYTES - head.length)]);
      if (head.length >= HEAD_BYTES) limit ??= maxBytes(head);
      if (limit !== undefined && bytes > limit) continue;
      hash.update(chunk);
      await file.writeFile(chunk);
    }
  } finally {
    await file.close();
  }
  if (limit !== undefined && bytes > limit) return { status: 'too_large' };
  return { status: 'saved', bytes, sha256: hash.digest('hex'), head };
}
