interface Waiter {
  dueMs: number;
  resolve: () => void;
  timer: NodeJS.Timeout;
}

/** A world's time: real time plus what tests skipped; delays are divided by the clock factor. */
export class Clock {
  #offsetMs = 0;
  readonly #waiters = new Set<Waiter>();
  readonly #factor: () => number;

  constructor(factor: () => number) {
    this.#factor = factor;
  }

  now(): number {
    return Date.now() + this.#offsetMs;
  }

  /** A delay of the config in real milliseconds. */
  scale(delayMs: number): number {
    const scaled = delayMs / this.#factor();
    return scaled > 0 ? scaled : 0;
  }

  /** Waits for a configured delay; returns at once for 0, rejects with the signal's reason. */
  async sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    await this.sleepReal(this.scale(delayMs), signal);
  }

  /** Waits for real milliseconds, whatever the clock factor. */
  async sleepReal(realMs: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (realMs <= 0) return;
    await new Promise<void>((resolve, reject) => {
      const onAbort = (): void => {
        this.#remove(waiter);
        reject(signal?.reason as Error);
      };
      const done = (): void => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      };
      const waiter: Waiter = {
        dueMs: this.now() + realMs,
        resolve: done,
        timer: setTimeout(() => this.#fire(waiter), realMs),
      };
      this.#waiters.add(waiter);
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }

  /** Skips time: everything due within it happens now. */
  advance(ms: number): void {
    this.#offsetMs += ms;
    for (const waiter of this.#waiters) if (waiter.dueMs <= this.now()) this.#fire(waiter);
  }

  /** Wakes nobody, frees all timers. */
  close(): void {
    for (const waiter of this.#waiters) clearTimeout(waiter.timer);
    this.#waiters.clear();
  }

  #fire(waiter: Waiter): void {
    this.#remove(waiter);
    waiter.resolve();
  }

  #remove(waiter: Waiter): void {
    clearTimeout(waiter.timer);
    this.#waiters.delete(waiter);
  }
}
