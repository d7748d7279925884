/** Which saves stay at home. Saves are large: a Flux LoRA of rank 32 has 150 to 350 MB, its optimizer's state as much. */
import { newestCheckpoint, savesOf } from './checkpoint.ts';
import type { CheckpointFile } from './checkpoint.ts';

/** Saves that a running training keeps with their optimizer: the newest, and one more should nothing go on from that. */
const SAVES_TO_RESUME = 2;

export interface RetentionRule {
  /** `trains`: it may have to go on from a save. `ended`: nothing will go on from one any more. */
  readonly training: 'trains' | 'ended';
  /** Newest whole saves whose weights stay, for people who want an earlier one than the last. */
  readonly keep: number;
  /** Weights files of a whole save. */
  readonly filesPerSave: number;
  /** Steps of the whole training. */
  readonly steps: number;
}

/**
 * The files that nobody needs any more, oldest first. Newest means saved last: an attempt that had to begin anew is ahead of an
 * earlier one that had come further. While a training runs, files younger than its newest whole save stay, as their save may be
 * on its way home, and so does the save that `newestCheckpoint` would go on from.
 */
export function expiredFiles(files: readonly CheckpointFile[], rule: RetentionRule): CheckpointFile[] {
  const { training, keep, filesPerSave } = rule;
  // The one that was saved last first.
  const saves = savesOf(files).sort((a, b) => b[0]!.attempt - a[0]!.attempt || b[0]!.step - a[0]!.step);
  const isWhole = (save: readonly CheckpointFile[]) =>
    save.filter(({ kind }) => kind === 'weights').length === filesPerSave;
  const whole = saves.filter(isWhole);
  if (training === 'ended') {
    const kept = new Set(whole.slice(0, keep).flat());
    return oldestFirst(files.filter((file) => file.kind === 'optimizer' || !kept.has(file)));
  }
  const kept = whole.slice(0, Math.max(keep, SAVES_TO_RESUME));
  const next = newestCheckpoint(files, rule);
  const needed = new Set([
    ...whole.slice(0, SAVES_TO_RESUME).flat(),
    ...kept.flat().filter(({ kind }) => kind === 'weights'),
    ...saves.slice(0, kept[0] && saves.indexOf(kept[0])).flat(),
    ...(next?.weights ?? []),
    ...(next?.optimizer ? [next.optimizer] : []),
  ]);
  return oldestFirst(files.filter((file) => !needed.has(file)));
}

function oldestFirst(files: readonly CheckpointFile[]): CheckpointFile[] {
  return [...files].sort((a, b) => a.attempt - b.attempt || a.step - b.step);
}
