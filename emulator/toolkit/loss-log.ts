interface Point {
  step: number;
  wall_time: number;
  value: number;
}

interface Series {
  learningRate: number;
  /** By step (0-based), empty where nothing was logged. */
  entries: { wallTimeSec: number; loss: number }[];
  /** True until the current run has logged something. */
  isOpening: boolean;
}

/** Stands in for loss_log.db of each job folder. */
export class LossLog {
  readonly #series = new Map<string, Series>();

  /** Opens a folder's log for another run. */
  open(folder: string, params: { learningRate: number }): void {
    const entries = this.#series.get(folder)?.entries ?? [];
    this.#series.set(folder, { ...params, entries, isOpening: true });
  }

  /** Records a step. The first one of a run removes the later points that an earlier run left. */
  log(folder: string, step: number, entry: { wallTimeSec: number; loss: number }): void {
    const series = this.#series.get(folder);
    if (series === undefined) return;
    if (series.isOpening) series.entries.length = Math.min(series.entries.length, step + 1);
    series.isOpening = false;
    series.entries[step] = entry;
  }

  keys(folder: string): string[] {
    return (this.#series.get(folder)?.entries.length ?? 0) > 0 ? ['learning_rate', 'loss/loss'] : [];
  }

  points(folder: string, key: string): Point[] {
    const series = this.#series.get(folder);
    if (series === undefined || (key !== 'loss/loss' && key !== 'learning_rate')) return [];
    const points: Point[] = [];
    for (const [step, entry] of series.entries.entries()) {
      if (entry === undefined) continue;
      const value = key === 'loss/loss' ? entry.loss : series.learningRate;
      points.push({ step, wall_time: entry.wallTimeSec, value });
    }
    return points;
  }
}
