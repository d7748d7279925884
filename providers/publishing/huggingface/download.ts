import { createHash } from 'node:crypto';
import { createIdleLimit, hubUnreachable, refuseFailure } from './hub-fetch.ts';

interface DownloadParams {
  /** An address on the Hub; it may redirect to its storage, which does not get the token. */
  readonly url: string;
  readonly token: string;
  readonly signal: AbortSignal;
  /** Longest pause without a byte. Milliseconds. */
  readonly idleTimeoutMs: number;
  /** Stop reading after this many bytes: the answer is then too long. */
  readonly maxBytes: number;
  readonly onBytes?: ((bytes: number) => void) | undefined;
}

/**
 * The bytes that the Hub serves at an address, piece by piece; null when there is nothing. Throws AUTH, RATE_LIMITED
 * and PROVIDER_UNAVAILABLE.
 */
async function open(params: DownloadParams): Promise<AsyncGenerator<Uint8Array> | null> {
  const { url, token, signal, idleTimeoutMs, maxBytes, onBytes } = params;
  signal.throwIfAborted();
  const stop = () => limit.abort(signal.reason);
  const limit = createIdleLimit(idleTimeoutMs, () => signal.removeEventListener('abort', stop));
  signal.addEventListener('abort', stop, { once: true });
  const failed = (cause: unknown) => {
    limit.stop();
    signal.throwIfAborted();
    return hubUnreachable(cause, limit.signal);
  };
  const headers = { authorization: `Bearer ${token}`, 'accept-encoding': 'identity' };
  const answer = await fetch(url, { headers, signal: limit.signal }).catch((cause: unknown) => {
    throw failed(cause);
  });
  const refusal = answer.ok ? null : await refuseFailure(answer, { isUpload: false });
  if (!answer.ok) limit.stop();
  if (refusal !== null) throw refusal;
  const { body } = answer;
  if (!answer.ok || body === null) {
    await body?.cancel();
    return null;
  }
  async function* bytes() {
    let sizeBytes = 0;
    try {
      for await (const chunk of body as ReadableStream<Uint8Array>) {
        limit.renew();
        sizeBytes += chunk.byteLength;
        onBytes?.(chunk.byteLength);
        yield chunk;
        if (sizeBytes > maxBytes) return;
      }
    } catch (cause) {
      throw failed(cause);
    } finally {
      limit.stop();
    }
  }
  return bytes();
}

/** Size and SHA-256 of what the Hub serves at an address; null when there is nothing. Memory stays flat. */
export async function hashDownload(params: DownloadParams): Promise<{ sizeBytes: number; sha256: string } | null> {
  const chunks = await open(params);
  if (chunks === null) return null;
  const hash = createHash('sha256');
  let sizeBytes = 0;
  for await (const chunk of chunks) {
    hash.update(chunk);
    sizeBytes += chunk.byteLength;
  }
  return { sizeBytes, sha256: hash.digest('hex') };
}

/** The text of a small file; null when there is none. */
export async function readDownload(params: DownloadParams): Promise<string | null> {
  const chunks = await open(params);
  if (chunks === null) return null;
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return Buffer.concat(parts).toString('utf8');
}
