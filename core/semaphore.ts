/** Lets work through as long as its weights together stay within a limit; the others wait in the order in which they came. */
export interface Semaphore {
  /** Runs `work` as soon as there is room. Throws the signal's reason when it is aborted while waiting. */
  run<Result>(work: () => Promise<Result>, options?: SemaphoreOptions): Promise<Result>;
}

interface SemaphoreOptions {
  /** Share of the limit that the work takes, default 1; what is heavier than the limit goes alone. */
  readonly weight?: number;
  readonly signal?: AbortSignal | undefined;
}

export function createSemaphore(limit: number): Semaphore {
  const waiting: { readonly weight: number; readonly go: () => void }[] = [];
  let used = 0;
  /** Only the first in line may go: a heavy one is not passed for ever by light ones. */
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
