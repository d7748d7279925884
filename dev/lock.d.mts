type LockResult =
  | { readonly status: 'taken'; readonly release: () => void }
  | { readonly status: 'held'; readonly pid: number };

/** What tells a process from a later one with the same number; null when there is none. */
export function processIdentity(pid: number): string | null;
/** Takes the lock or tells who has it. */
export function tryLock(file: string): LockResult;
/**
 * Takes the lock, waiting for the holder; `onWait` is called once with the holder's number. Answers the release
 * function.
 */
export function lock(file: string, options?: { readonly onWait?: (pid: number) => void }): Promise<() => void>;
