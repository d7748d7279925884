/** How long a pod of nobody has cost money for which there is no excuse. Times are epoch milliseconds. */

export interface OrphanTimes {
  /** Since when nobody has owned it, as far as that is known. */
  readonly orphanedAtMs: number;
  /** What the sweeper is given before an orphan counts as leaked: its pause and the grace. Milliseconds. */
  readonly allowedMs: number;
  /** When an earlier look has counted it; null when none has. */
  readonly countedUntilMs: number | null;
  readonly nowMs: number;
}

/** What this look adds to the leak of one pod, so that no time is counted twice. Milliseconds. */
export function newlyLeakedMs({ orphanedAtMs, allowedMs, countedUntilMs, nowMs }: OrphanTimes): number {
  const from = Math.max(orphanedAtMs + allowedMs, countedUntilMs ?? 0);
  return Math.max(0, nowMs - from);
}
