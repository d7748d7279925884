/** Checkpoints at home, and which of them a training goes on from. */

/** One mirrored file of a save: weights (one file, or two for Wan 2.2), or the optimizer's state. */
export interface CheckpointFile {
  readonly kind: 'weights' | 'optimizer';
  readonly attempt: number;
  readonly step: number;
  readonly filename: string;
  readonly sizeBytes: number;
  /** Hex SHA-256 of its bytes, taken on their way home. */
  readonly sha256: string;
  readonly storageKey: string;
}

export interface Checkpoint {
  readonly attempt: number;
  readonly step: number;
  readonly weights: readonly CheckpointFile[];
  /** Null when only the weights came home: then the optimizer starts anew. */
  readonly optimizer: CheckpointFile | null;
}

/** Name under which the optimizer's state of a step is kept; on the trainer it is one file, written over at each save. */
export function optimizerFilename(step: number): string {
  return `optimizer_${String(step).padStart(9, '0')}.pt`;
}

/** Files by the save that they belong to, in no order. */
export function savesOf(files: readonly CheckpointFile[]): CheckpointFile[][] {
  const saves = new Map<string, CheckpointFile[]>();
  for (const file of files) {
    const key = `${file.attempt}:${file.step}`;
    saves.set(key, [...(saves.get(key) ?? []), file]);
  }
  return [...saves.values()];
}

/** The saves of which all weights are there, the furthest first; of several attempts that reached one step the latest first. */
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

/** How much further weights without their optimizer must be to be worth more than an older save that has it. */
const WORTH_WITHOUT_OPTIMIZER = 0.25;

/**
 * The save to go on from: the newest that is whole with its optimizer, unless weights alone are further by a quarter of the
 * training. Of several attempts that reached one step the latest counts. Null when there is none.
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
