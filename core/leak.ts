/** How long an orphaned pod has cost money beyond what sweeping allows. Times are epoch milliseconds. */

export interface OrphanTimes {
  /** Since when it has had no owner, as far as is known. */
  readonly orphanedAtMs: number;
  /** What the sweeper has before an orphan counts as leaked: its interval plus the grace period. Milliseconds. */
  readonly allowedMs: number;
  /** Until when an earlier sweep has counted it; null when none has. */
  readonly countedUntilMs: number | null;
  readonly nowMs: number;
}

/** What this sweep adds to the leak of one pod, so that no time is counted twice. Milliseconds. */
export function newlyLeakedMs({ orphanedAtMs, allowedMs, countedUntilMs, nowMs }: OrphanTimes): number {
  const from = Math.max(orphanedAtMs + allowedMs, countedUntilMs ?? 0);
  return Math.max(0, nowMs - from);
}
