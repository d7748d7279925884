import type { Readable } from 'node:stream';

/** Bytes to be stored: in memory, a stream, or anything that is read and ended like one. */
export type ByteSource = Uint8Array | ByteStream;

export interface ByteStream extends AsyncIterable<Uint8Array> {
  /** Ends the reading, also while it waits for a chunk. May be called more than once. */
  destroy(error?: Error): unknown;
}

/** Facts about a stored object: its size, our own SHA-256 of its bytes, its type. */
export interface StoredObject {
  readonly key: string;
  readonly sizeBytes: number;
  /** Hex SHA-256, computed while the bytes were written. */
  readonly sha256: string;
}

export interface PutOptions {
  readonly contentType?: string;
  /** Exact size if known; a body of a different size is rejected and nothing is stored. */
  readonly sizeBytes?: number;
  /** Expected hex SHA-256; a different body is rejected and nothing is stored. */
  readonly sha256?: string;
  /** Called with the size of every chunk, for heartbeats. */
  readonly onBytes?: (bytes: number) => void;
  readonly signal?: AbortSignal;
}

export interface GetOptions {
  /** Inclusive byte range. */
  readonly range?: { readonly start: number; readonly end: number };
  readonly signal?: AbortSignal;
}

export interface SignedUrlOptions {
  /** How long the URL works. Seconds, at most 7 days. */
  readonly ttlSeconds: number;
  /** The name under which a browser saves the file. */
  readonly filename?: string;
}

/**
 * Our own storage for photos, datasets, checkpoints and artifacts. One contract, two implementations (file system, S3);
 * the same conformance suite runs over both. Keys are `/`-separated paths of [A-Za-z0-9._-] segments.
 * Everything is streamed; an object becomes visible complete or not at all.
 */
export interface ObjectStore {
  readonly kind: 'filesystem' | 's3';
  /**
   * Stores a stream or buffer under `key`, replacing an existing object only once all bytes are safe. Safe to repeat.
   */
  put(key: string, body: ByteSource, options?: PutOptions): Promise<StoredObject>;
  /**
   * Opens an object for reading; null when there is none. `sizeBytes` is the size of the whole object, also with a
   * range. A range may end beyond the object's end, but not start there.
   */
  get(key: string, options?: GetOptions): Promise<{ readonly body: Readable; readonly sizeBytes: number } | null>;
  /** Size and hash without the bytes; null when there is none. */
  head(key: string, signal?: AbortSignal): Promise<StoredObject | null>;
  /** Removes an object; succeeds even if it does not exist. */
  delete(key: string, signal?: AbortSignal): Promise<void>;
  /** Keys that begin with a prefix, sorted. The prefix may end anywhere in a key; `trainings/7/` is the usual shape. */
  list(prefix: string, signal?: AbortSignal): Promise<string[]>;
  /** A URL that serves the object without credentials until it expires. Never log it. */
  signedUrl(key: string, options: SignedUrlOptions): Promise<string>;
  /**
   * The object's path as a plain file, for readers that need one. Only the file system store has it; never write to it.
   */
  localPath?(key: string): string;
  /**
   * A quick check that the store is reachable, for /readyz. Throws PROVIDER_UNAVAILABLE, or AUTH for rejected
   * credentials.
   */
  ping(signal?: AbortSignal): Promise<void>;
}
