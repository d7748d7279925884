/** Longest that a timer can run (2^31 - 1 ms, 24 days): for handlers that end with their client, not with a clock. */
export const UNLIMITED_MS = 2_147_483_647;

/** Last resort behind the deadlines of single calls; uploads and streams switch it off. Milliseconds. */
export const HANDLER_TIMEOUT_MS = 10_000;

/** A whole request must have arrived by then: a gigabyte at 5 Mbit/s. Milliseconds. */
export const REQUEST_TIMEOUT_MS = 30 * 60_000;
