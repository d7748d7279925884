interface Point {
  step: number;
  wall_time: number;
  value: number;
}

interface Series {
  seed: number;
  learningRate: number;
  /** Wall time in epoch seconds by step (0-based); NaN where nothing was logged. */
  wallTimes: number[];
}

/** Stands in for loss_log.db of each job folder: a falling, noisy, seeded loss. */
export class LossLog {
  readonly #series = new Map<string, Series>();

  /** Opens a folder's log for a run that starts at `step`; later points are pruned, as on a resume. */
  open(folder: string, params: { seed: number; learningRate: number; step: number }): void {
    const old = this.#series.get(folder);
    this.#series.set(folder, {
      seed: params.seed,
      learningRate: params.learningRate,
      wallTimes: old?.wallTimes.slice(0, params.step) ?? [],
    });
  }

  log(folder: string, step: number, wallTimeSec: number): void {
    const series = this.#series.get(folder);
    if (series !== undefined) series.wallTimes[step] = wallTimeSec;
  }

  loss(folder: string, step: number): number {
    return lossAt(this.#series.get(folder)?.seed ?? 0, step);
  }

  keys(folder: string): string[] {
    return (this.#series.get(folder)?.wallTimes.length ?? 0) > 0 ? ['learning_rate', 'loss/loss'] : [];
  }

  points(folder: string, key: string): Point[] {
    const series = this.#series.get(folder);
    if (series === undefined || (key !== 'loss/loss' && key !== 'learning_rate')) return [];
    const points: Point[] = [];
    for (const [step, wallTime] of series.wallTimes.entries()) {
      if (wallTime === undefined) continue;
      points.push({
        step,
        wall_time: wallTime,
        value: key === 'loss/loss' ? lossAt(series.seed, step) : series.learningRate,
      });
    }
    return points;
  }
}

/** From about 0.5 down to 0.08, with noise that depends on seed and step only. */
function lossAt(seed: number, step: number): number {
  const noise = Math.sin(step * 12.9898 + (seed % 1000)) * 43_758.5453;
  return 0.08 + 0.42 * Math.exp(-step / 180) + (noise - Math.floor(noise)) * 0.03;
}
