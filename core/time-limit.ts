/**
 * Time limits that always fire. On Node 20 the signal from `AbortSignal.any([..., AbortSignal.timeout(ms)])` may never
 * abort after a garbage collection: the combined signal does not keep its sources alive. Here our own timer and
 * listeners do. Not for workflows: their timers are Temporal's.
 */

/** The reason that a time limit aborts with. Named like the platform's own timeout error. */
export class TimeLimitError extends Error {
  override readonly name = 'TimeoutError';
  readonly limitMs: number;

  constructor(limitMs: number, options?: ErrorOptions) {
    super(`Not done within ${limitMs} ms`, options);
    this.limitMs = limitMs;
  }
}

export interface LinkedSignal {
  readonly signal: AbortSignal;
  /** Stops the timer and detaches from the other signals; the signal keeps its state. Safe to call again. */
  release(): void;
}

/**
 * A signal that aborts with the first of `signals`, for the same reason, or with a TimeLimitError after `limitMs`
 * (milliseconds, default no limit). For work that outlives a call, such as a stream: whoever ends it calls `release`.
 */
export function linkSignals(signals: readonly (AbortSignal | undefined)[], limitMs?: number): LinkedSignal {
  const linked = new AbortController();
  const sources = signals.filter((source) => source !== undefined);
  const takeOver = () => abort(sources.find((source) => source.aborted)?.reason);
  const timer = limitMs === undefined ? undefined : setTimeout(() => abort(new TimeLimitError(limitMs)), limitMs);
  const release = () => {
    clearTimeout(timer);
    for (const source of sources) source.removeEventListener('abort', takeOver);
  };
  function abort(reason: unknown): void {
    release();
    linked.abort(reason);
  }
  for (const source of sources) source.addEventListener('abort', takeOver);
  if (sources.some((source) => source.aborted)) takeOver();
  return { signal: linked.signal, release };
}

/**
 * Runs `work` with a signal that aborts with `outer`, or after `limitMs` (milliseconds), and waits until the work has
 * ended: the work must heed its signal. If it then fails, the error is the outer signal's reason, or a TimeLimitError
 * with the work's own error as its cause.
 */
export async function withTimeLimit<T>(
  limitMs: number,
  outer: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  outer?.throwIfAborted();
  const { signal, release } = linkSignals([outer], limitMs);
  try {
    return await work(signal);
  } catch (error) {
    if (!signal.aborted || error === signal.reason) throw error;
    const isOurs = signal.reason instanceof TimeLimitError && signal.reason !== outer?.reason;
    // A new one: the work's error may have the signal's reason as its cause.
    throw isOurs ? new TimeLimitError(limitMs, { cause: error }) : signal.reason;
  } finally {
    release();
  }
}

/** Waits for work that others share and that goes on without us. Throws the signal's reason as soon as it is aborted. */
export async function waitFor<T>(shared: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return await shared;
  let leave = () => {};
  const aborted = new Promise<never>((_, reject) => {
    leave = () => reject(signal.reason as Error);
    if (signal.aborted) leave();
    else signal.addEventListener('abort', leave);
  });
  try {
    return await Promise.race([shared, aborted]);
  } finally {
    signal.removeEventListener('abort', leave);
  }
}
