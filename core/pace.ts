/** How fast a training goes, and when to look at it next. */

interface Point {
  readonly step: number;
  readonly atMs: number;
}

/** Weight of the newest measurement: a checkpoint's pause fades within a few looks. */
const SMOOTHING = 0.3;

/** Follows the step counter and keeps a smoothed duration of one step. */
export class Pace {
  #last: Point | null = null;
  #msPerStep: number | null = null;

  /** Takes note of the counter; a counter that fell back (a restart) starts anew. */
  note(point: Point): void {
    if (this.#last && point.step > this.#last.step) {
      const measured = (point.atMs - this.#last.atMs) / (point.step - this.#last.step);
      this.#msPerStep = this.#msPerStep === null ? measured : this.#msPerStep + SMOOTHING * (measured - this.#msPerStep);
    }
    if (!this.#last || point.step !== this.#last.step) this.#last = point;
  }

  /** Milliseconds per step; null before two different counts were seen. */
  get msPerStep(): number | null {
    return this.#msPerStep;
  }

  /** Milliseconds until the counter should reach `step`; null when the pace is unknown. */
  msUntil(step: number, nowMs: number): number | null {
    if (this.#msPerStep === null || !this.#last) return null;
    return Math.max(0, (step - this.#last.step) * this.#msPerStep - (nowMs - this.#last.atMs));
  }
}

interface NextLook {
  /** Milliseconds until the next predicted checkpoint or the end; null when unknown. */
  readonly dueInMs: number | null;
  /** Since the job was started. */
  readonly runningForMs: number;
  readonly slowMs: number;
  readonly fastMs: number;
}

/**
 * Pause before the next look: slow in the middle, fast close to something that is due, and with an unknown pace a tenth of the
 * time that has passed. So a short training is never waited for long, and a long one is not asked too often.
 */
export function nextLookMs({ dueInMs, runningForMs, slowMs, fastMs }: NextLook): number {
  if (dueInMs === null) return Math.min(slowMs, Math.max(fastMs / 4, runningForMs / 10));
  // Inside the last fast interval the end itself is awaited, in quarters of it: a finished pod bills until it is seen.
  if (dueInMs <= fastMs) return fastMs / 4;
  return Math.min(slowMs, Math.max(fastMs, dueInMs - fastMs));
}
