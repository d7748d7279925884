/** How fast a training goes, and when to look at it next. */

interface Point {
  readonly step: number;
  readonly atMs: number;
}

/** Weight of the newest measurement: a change of pace is followed within a few looks. */
const SMOOTHING = 0.3;

/** Follows the step counter and keeps a smoothed duration of one step. */
export class Pace {
  #last: Point | null = null;
  /** False until the counter was seen to move: before that the trainer loads its model, for minutes. */
  #moving = false;
  #lastMeasured = Infinity;
  #msPerStep: number | null = null;

  /** Takes note of the counter; a counter that fell back (a restart) starts anew. */
  note(point: Point): void {
    const last = this.#last;
    if (last && point.step === last.step) return;
    this.#last = point;
    if (last && point.step > last.step && this.#moving)
      this.#measure((point.atMs - last.atMs) / (point.step - last.step));
    this.#moving = last !== null && point.step > last.step;
  }

  /** Saving and sampling make one measurement long: the shorter of two in a row counts, so that the end is not expected too late. */
  #measure(measured: number): void {
    const counted = Math.min(measured, this.#lastMeasured);
    this.#lastMeasured = measured;
    this.#msPerStep = this.#msPerStep === null ? counted : this.#msPerStep + SMOOTHING * (counted - this.#msPerStep);
  }

  /** Milliseconds per step; null before the counter has moved twice. */
  get msPerStep(): number | null {
    return this.#msPerStep;
  }

  /** For people: what `msUntil` says, never negative. Milliseconds. */
  msLeft(step: number, nowMs: number): number | null {
    const ms = this.msUntil(step, nowMs);
    return ms === null ? null : Math.max(0, ms);
  }

  /** Milliseconds until the counter should reach `step`, negative once it is overdue; null when the pace is unknown. */
  msUntil(step: number, nowMs: number): number | null {
    if (this.#msPerStep === null || !this.#last) return null;
    return (step - this.#last.step) * this.#msPerStep - (nowMs - this.#last.atMs);
  }
}

interface NextLook {
  /** Milliseconds until the next predicted checkpoint or the end, negative once it is overdue; null when unknown. */
  readonly dueInMs: number | null;
  /** Since the job was started. */
  readonly runningForMs: number;
  readonly slowMs: number;
  readonly fastMs: number;
}

/** Share of the delay of what is overdue: a save that takes 15 s is seen within 250 ms, samples that take 10 min within 10 s. */
const OVERDUE_SHARE = 1 / 60;

/**
 * Pause before the next look: slow in the middle, fast close to something that is due, and with an unknown pace a tenth of the
 * time that has passed. So a short training is never waited for long, and a long one is not asked too often.
 */
export function nextLookMs({ dueInMs, runningForMs, slowMs, fastMs }: NextLook): number {
  if (dueInMs === null) return Math.min(slowMs, Math.max(fastMs / 4, runningForMs / 10));
  // Inside the last fast interval the end itself is awaited, in quarters of it: a finished pod bills until it is seen.
  if (dueInMs <= fastMs) return Math.min(slowMs, Math.max(fastMs / 4, -dueInMs * OVERDUE_SHARE));
  return Math.min(slowMs, Math.max(fastMs, dueInMs - fastMs));
}
