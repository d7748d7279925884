interface Point {
  step: number;
  wall_time: number;
  value: number;
}

interface Series {
  learningRate: number;
  /** By step (0-based), empty where nothing was logged. */
  entries: { wallTimeSec: number; loss: number }[];
}

/** Stands in for loss_log.db of each job folder. */
export class LossLog {
  readonly #series = new Map<string, Series>();

  /** Opens a folder's log for a run that starts at `step`; later points are pruned, as on a resume. */
  open(folder: string, params: { learningRate: number; step: number }): void {
    const old = this.#series.get(folder);
    this.#series.set(folder, {
      learningRate: params.learningRate,
      entries: old?.entries.slice(0, params.step) ?? [],
    });
  }

  log(folder: string, step: number, entry: { wallTimeSec: number; loss: number }): void {
    const series = this.#series.get(folder);
    if (series !== undefined) series.entries[step] = entry;
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
