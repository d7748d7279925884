/** Checkpoints in our own store, and which of them a training resumes from. */

/** One mirrored file of a save: weights (one file, or two for Wan 2.2), or the optimizer's state. */
export interface CheckpointFile {
  readonly kind: 'weights' | 'optimizer';
  readonly attempt: number;
  readonly step: number;
  readonly filename: string;
  readonly sizeBytes: number;
  /** Hex SHA-256 of its bytes, computed while they were copied. */
  readonly sha256: string;
  readonly storageKey: string;
}

export interface Checkpoint {
  readonly attempt: number;
  readonly step: number;
  readonly weights: readonly CheckpointFile[];
  /** Null when only the weights were copied: the optimizer then starts fresh. */
  readonly optimizer: CheckpointFile | null;
}

/** The name under which a step's optimizer state is kept; on the trainer it is one file, overwritten at each save. */
export function optimizerFilename(step: number): string {
  return `optimizer_${String(step).padStart(9, '0')}.pt`;
}

/** Files grouped by the save that they belong to, in no particular order. */
export function savesOf(files: readonly CheckpointFile[]): CheckpointFile[][] {
  const saves = new Map<string, CheckpointFile[]>();
  for (const file of files) {
    const key = `${file.attempt}:${file.step}`;
    saves.set(key, [...(saves.get(key) ?? []), file]);
  }
  return [...saves.values()];
}

/**
 * The saves whose weights are all there, furthest step first; if several attempts reached the same step, the latest
 * first.
 */
export function wholeSaves(files: readonly CheckpointFile[], filesPerSave: number): Checkpoint[] {
  return savesOf(files)
    .map((save): Checkpoint => {
      const { attempt, step } = save[0]!;
      const weights = save.filter(({ kind }) => kind === 'weights');
      return { attempt, step, weights, optimizer: save.find(({ kind }) => kind === 'optimizer') ?? null };
    })
    .filter(({ weights }) => weights.length === filesPerSave)
    .sort((a, b) => b.step - a.step || b.attempt - a.attempt);
}

/**
 * How much further along weights without an optimizer must be to beat an older save that has one. Share of all steps.
 */
const WORTH_WITHOUT_OPTIMIZER = 0.25;

/**
 * The save to resume from: the newest complete one with its optimizer, unless weights alone are further along by a
 * quarter of the training. If several attempts reached the same step, the latest counts. Null when there is none.
 */
export function newestCheckpoint(
  files: readonly CheckpointFile[],
  { filesPerSave, steps }: { readonly filesPerSave: number; readonly steps: number },
): Checkpoint | null {
  const whole = wholeSaves(files, filesPerSave).filter(({ step }) => step > 0);
  const complete = whole.find(({ optimizer }) => optimizer !== null);
  const [furthest] = whole;
  if (!complete || !furthest) return furthest ?? null;
  return furthest.step - complete.step > WORTH_WITHOUT_OPTIMIZER * steps ? furthest : complete;
}
