/**
 * The minimum speed of an upload: a client that trickles bytes must not hold a slot, a folder and a connection for half
 * an hour.
 */
import type { IncomingMessage } from 'node:http';
import { ApiError } from '../errors.ts';

/** This much must arrive in this much time while we are waiting for it: 1 kB/s. Bytes and milliseconds. */
const LEAST_BYTES = 30_000;
const WINDOW_MS = 30_000;

interface Pace {
  /** Aborted with ApiError 408 UPLOAD_TOO_SLOW. */
  readonly signal: AbortSignal;
  stop(): void;
}

/** Watches the pace of a request's body. */
export function watchPace(request: IncomingMessage, { leastBytes = LEAST_BYTES, windowMs = WINDOW_MS } = {}): Pace {
  const abort = new AbortController();
  let seen = request.socket.bytesRead;
  const timer = setInterval(() => {
    const came = request.socket.bytesRead - seen;
    seen = request.socket.bytesRead;
    // Unread data is waiting for us, so the client is not to blame.
    const isWaiting = request.readableLength === 0 && !request.complete;
    if (!isWaiting || came >= leastBytes) return;
    clearInterval(timer);
    abort.abort(new ApiError(408, 'UPLOAD_TOO_SLOW', 'The upload is too slow; send fewer photos in one request.'));
  }, windowMs);
  return { signal: abort.signal, stop: () => clearInterval(timer) };
}
