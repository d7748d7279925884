/** Settles at the first SIGINT, SIGTERM or SIGHUP; call it first, so that a signal while things start is not lost. */
export function untilSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve());
  });
}
