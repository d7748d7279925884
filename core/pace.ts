/** How fast a training progresses, and when to poll it next. */

interface Point {
  readonly step: number;
  readonly atMs: number;
}

/** Weight of the newest measurement: a change of pace shows within a few polls. */
const SMOOTHING = 0.3;

/** Follows the step counter and keeps a smoothed duration per step. */
export class Pace {
  #last: Point | null = null;
  /** False until the counter has been seen to move: before that the trainer loads its model, for minutes. */
  #moving = false;
  #lastMeasured = Infinity;
  #msPerStep: number | null = null;

  /** Records the counter; one that went backwards (a restart) starts over. */
  note(point: Point): void {
    const last = this.#last;
    if (last && point.step === last.step) return;
    this.#last = point;
    if (last && point.step > last.step && this.#moving)
      this.#measure((point.atMs - last.atMs) / (point.step - last.step));
    this.#moving = last !== null && point.step > last.step;
  }

  /**
   * Saving and sampling inflate a measurement: the shorter of two in a row counts, so that the end is not expected too
   * late.
   */
  #measure(measured: number): void {
    const counted = Math.min(measured, this.#lastMeasured);
    this.#lastMeasured = measured;
    this.#msPerStep = this.#msPerStep === null ? counted : this.#msPerStep + SMOOTHING * (counted - this.#msPerStep);
  }

  /** Milliseconds per step; null before the counter has moved twice. */
  get msPerStep(): number | null {
    return this.#msPerStep;
  }

  /** For display: `msUntil`, but never negative. Milliseconds. */
  msLeft(step: number, nowMs: number): number | null {
    const ms = this.msUntil(step, nowMs);
    return ms === null ? null : Math.max(0, ms);
  }

  /** Milliseconds until the counter should reach `step`, negative once overdue; null when the pace is unknown. */
  msUntil(step: number, nowMs: number): number | null {
    if (this.#msPerStep === null || !this.#last) return null;
    return (step - this.#last.step) * this.#msPerStep - (nowMs - this.#last.atMs);
  }
}

interface NextLook {
  /** Milliseconds until the next predicted checkpoint or the end, negative once overdue; null when unknown. */
  readonly dueInMs: number | null;
  /** Milliseconds since the job was started. */
  readonly runningForMs: number;
  readonly slowMs: number;
  readonly fastMs: number;
}

/** The shortest pause as a share of the fast interval: a pod that has finished bills until we notice. */
const FINEST_SHARE = 1 / 10;
/**
 * The pause as a share of how overdue an event is: a save that takes 15 s is seen within 250 ms, samples of 10 min
 * within 10 s.
 */
const OVERDUE_SHARE = 1 / 60;

/**
 * Pause before the next poll: long in the middle, short when something is due, and a tenth of the elapsed time while
 * the pace is unknown. So a short training is never kept waiting, and a long one is not polled too often.
 */
export function nextLookMs({ dueInMs, runningForMs, slowMs, fastMs }: NextLook): number {
  const finestMs = fastMs * FINEST_SHARE;
  if (dueInMs === null) return Math.min(slowMs, Math.max(finestMs, runningForMs / 10));
  if (dueInMs <= fastMs) return Math.min(slowMs, Math.max(finestMs, -dueInMs * OVERDUE_SHARE));
  return Math.min(slowMs, Math.max(fastMs, dueInMs - fastMs));
}
