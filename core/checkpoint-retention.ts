/**
 * Which saves stay in our store. Saves are large: a Flux LoRA of rank 32 is 150 to 350 MB, its optimizer's state as
 * much again.
 */
import { newestCheckpoint, savesOf } from './checkpoint.ts';
import type { CheckpointFile } from './checkpoint.ts';

/**
 * Saves that a running training keeps with their optimizer: the newest, and one more in case that one cannot be resumed
 * from.
 */
const SAVES_TO_RESUME = 2;

export interface RetentionRule {
  /** `trains`: it may have to resume from a save. `ended`: nothing will resume from one any more. */
  readonly training: 'trains' | 'ended';
  /** How many of the newest complete saves keep their weights, for people who want an earlier one than the last. */
  readonly keep: number;
  /** Weights files in a complete save. */
  readonly filesPerSave: number;
  /** Total steps of the training. */
  readonly steps: number;
}

/**
 * The files that are no longer needed, oldest first. Newest means saved last: an attempt that had to start over counts
 * as newer than an earlier one that got further. While a training runs, files newer than its newest complete save stay,
 * because their save may still be arriving, and so does the save that `newestCheckpoint` would resume from.
 */
export function expiredFiles(files: readonly CheckpointFile[], rule: RetentionRule): CheckpointFile[] {
  const { training, keep, filesPerSave } = rule;
  // Most recently saved first.
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
