/** Last resort behind the deadlines of single calls, from a request's head to its answer. Milliseconds. */
export const HANDLER_TIMEOUT_MS = 15_000;

/** A whole upload must arrive within this time: a gigabyte at 5 Mbit/s. Milliseconds. */
export const UPLOAD_TIMEOUT_MS = 30 * 60_000;

/** Node's own limit for reading a request, behind ours: it answers without a body. Milliseconds. */
export const REQUEST_TIMEOUT_MS = UPLOAD_TIMEOUT_MS + 60_000;
