/**
 * Aborts with the first of the signals. Not `AbortSignal.any`: on Node 20 its signals may be garbage-collected.
 * `release` forgets the signals; the caller calls it when it is done.
 */
export function linkSignals(...signals: readonly AbortSignal[]): { signal: AbortSignal; release: () => void } {
  const linked = new AbortController();
  const takeOver = () => linked.abort(signals.find((signal) => signal.aborted)?.reason);
  for (const signal of signals) signal.addEventListener('abort', takeOver);
  if (signals.some((signal) => signal.aborted)) takeOver();
  return {
    signal: linked.signal,
    release: () => {
      for (const signal of signals) signal.removeEventListener('abort', takeOver);
    },
  };
}
