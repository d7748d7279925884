/**
 * The `fetch` that `@huggingface/hub` is given: time limits, byte progress, abort and error codes, which it has none
 * of.
 */
import { TemperaError } from '../../../core/failure.ts';
import { TimeLimitError } from '../../../core/time-limit.ts';
import { retryAfterMs } from '../../http.ts';

/** Longest pause without a byte while a file goes up. Milliseconds. */
const UPLOAD_IDLE_MS = 60_000;

interface HubFetchOptions {
  readonly signal: AbortSignal;
  readonly callTimeoutMs: number;
  readonly onBytes?: ((bytes: number) => void) | undefined;
  /** Thrown when the Hub redirects: following it would write to another repository. */
  readonly moved: () => TemperaError;
}

/**
 * Throws AUTH, RATE_LIMITED and PROVIDER_UNAVAILABLE by itself, since the package's error keeps no header; every other
 * answer goes to the package. No redirect is followed. No error holds a URL: those of uploads are signed.
 */
export function createHubFetch({ signal, callTimeoutMs, onBytes, moved }: HubFetchOptions): typeof fetch {
  // One listener for all calls: one per call would stay on the signal until the publication ends.
  const underWay = new Set<(reason: unknown) => void>();
  signal.addEventListener('abort', () => underWay.forEach((abort) => abort(signal.reason)), { once: true });
  return async (input, init = {}) => {
    signal.throwIfAborted();
    init.signal?.throwIfAborted();
    const isUpload = init.method === 'PUT';
    const limit = createIdleLimit(isUpload ? UPLOAD_IDLE_MS : callTimeoutMs, () => underWay.delete(limit.abort));
    underWay.add(limit.abort);
    init.signal?.addEventListener('abort', () => limit.abort(init.signal?.reason), { once: true });
    const body =
      isUpload && init.body instanceof Blob
        ? counted(init.body, (bytes) => {
            limit.renew();
            onBytes?.(bytes);
          })
        : init.body;
    try {
      // redirect "error" for uploads: otherwise undici keeps the whole body in memory in case it has to send it twice.
      const answer = await fetch(input, {
        ...init,
        ...(body && { body }),
        redirect: isUpload ? 'error' : 'manual',
        signal: limit.signal,
      });
      const refusal = await refuseFailure(answer, { isUpload });
      if (refusal !== null) throw refusal;
      if (answer.status >= 300 && answer.status < 400) {
        await answer.body?.cancel();
        throw moved();
      }
      return answer;
    } catch (cause) {
      signal.throwIfAborted();
      throw hubUnreachable(cause, limit.signal);
    }
  };
}

/** A failure for answers that mean the same for every call (their body is discarded); null for all others. */
export async function refuseFailure(
  answer: Response,
  { isUpload }: { isUpload: boolean },
): Promise<TemperaError | null> {
  const { status } = answer;
  if (status < 400) return null;
  // An expired signed upload address also answers 403: the next try gets a new one.
  // The Hub also answers 401 for a repository that is missing or closed to us; a header then says so.
  const isMissing = status === 401 && answer.headers.get('x-error-code') === 'RepoNotFound';
  const isAuth = (status === 401 || status === 403) && !isUpload && !isMissing;
  if (!isAuth && status !== 429 && status < 500 && !(isUpload && status === 403)) return null;
  await answer.body?.cancel();
  const request = answer.headers.get('x-request-id');
  const ids = { status, ...(request !== null && { requestId: request }) };
  if (isAuth)
    return new TemperaError(
      'AUTH',
      `The Hugging Face Hub refused HF_TOKEN (HTTP ${status}): it is invalid or may not write there`,
      { ids },
    );
  if (status === 429)
    return new TemperaError('RATE_LIMITED', 'The Hugging Face Hub asked us to slow down', {
      ids,
      retryAfterMs: pauseMs(answer.headers),
    });
  return new TemperaError('PROVIDER_UNAVAILABLE', `The Hugging Face Hub answered HTTP ${status}`, { ids });
}

/** What to throw when a call with this signal failed. */
export function hubUnreachable(cause: unknown, signal: AbortSignal): TemperaError {
  if (cause instanceof TemperaError) return cause;
  const why = signal.reason instanceof TimeLimitError ? 'no answer in time' : networkReason(cause);
  return new TemperaError('PROVIDER_UNAVAILABLE', `The Hugging Face Hub could not be reached: ${why}`, {
    cause: new Error(why),
  });
}

/** `Retry-After`, else the `t` (seconds) of the Hub's `RateLimit: "api";r=0;t=42`. */
function pauseMs(headers: Headers): number | undefined {
  const seconds = /;\s*t=(\d+)/.exec(headers.get('ratelimit') ?? '')?.[1];
  return retryAfterMs(headers) ?? (seconds === undefined ? undefined : Number(seconds) * 1_000);
}

/** Counts the bytes of a blob while `fetch` reads them; it stays a blob, so the length is still announced. */
function counted(blob: Blob, onBytes: (bytes: number) => void): Blob {
  const count = () =>
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        onBytes(chunk.byteLength);
        controller.enqueue(chunk);
      },
    });
  const stream = blob.stream.bind(blob);
  // Configurable: two files with the same bytes come as one blob, twice. An error thrown here would make the package
  // hang.
  return Object.defineProperty(blob, 'stream', { configurable: true, value: () => stream().pipeThrough(count()) });
}

/** A limit on silence. It also covers the answer's body; once that is read, it has no effect. */
export function createIdleLimit(timeoutMs: number, onEnd: () => void) {
  const controller = new AbortController();
  const stop = () => {
    clearTimeout(timer);
    onEnd();
  };
  const abort = (reason: unknown) => {
    stop();
    controller.abort(reason);
  };
  const timer = setTimeout(() => abort(new TimeLimitError(timeoutMs)), timeoutMs).unref();
  return { signal: controller.signal, renew: () => timer.refresh(), abort, stop };
}

function networkReason(cause: unknown): string {
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
  return inner instanceof Error && 'code' in inner && typeof inner.code === 'string' ? inner.code : 'network error';
}
