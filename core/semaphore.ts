/** Lets work run while the sum of its weights stays within a limit; the rest waits in order of arrival. */
export interface Semaphore {
  /** Runs `work` as soon as there is room. Throws the signal's reason when it is aborted while waiting. */
  run<Result>(work: () => Promise<Result>, options?: SemaphoreOptions): Promise<Result>;
}

interface SemaphoreOptions {
  /** How much of the limit the work takes, default 1; work heavier than the limit runs alone. */
  readonly weight?: number;
  readonly signal?: AbortSignal | undefined;
}

export function createSemaphore(limit: number): Semaphore {
  const waiting: { readonly weight: number; readonly go: () => void }[] = [];
  let used = 0;
  /** Only the first in line may go, so that light work cannot overtake heavy work for ever. */
  const admit = () => {
    for (let next = waiting[0]; next && (used === 0 || used + next.weight <= limit); next = waiting[0]) {
      waiting.shift();
      used += next.weight;
      next.go();
    }
  };
  const enter = (weight: number, signal: AbortSignal | undefined) =>
    new Promise<void>((resolve, reject) => {
      const place = { weight, go };
      function go(): void {
        signal?.removeEventListener('abort', leave);
        resolve();
      }
      function leave(): void {
        waiting.splice(waiting.indexOf(place), 1);
        reject(signal?.reason as Error);
        admit();
      }
      waiting.push(place);
      signal?.addEventListener('abort', leave, { once: true });
      admit();
    });
  return {
    async run(work, { weight = 1, signal } = {}) {
      signal?.throwIfAborted();
      const taken = Math.max(1, weight);
      await enter(taken, signal);
      try {
        return await work();
      } finally {
        used -= taken;
        admit();
      }
    },
  };
}
