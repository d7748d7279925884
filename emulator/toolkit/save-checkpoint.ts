import { bookFile } from './book-file.ts';
import { obeyFlags } from './obey-flags.ts';
import type { Run } from './run.ts';

/**
 * One save, in the real order: the weights, then the single optimizer.pt, then older saves are removed
 * (ostris/ai-toolkit@27a03a91, jobs/process/BaseSDTrainProcess.py). Between the first two the folder holds new weights
 * and the momentum of the save before. The final save is not announced in the log.
 */
export async function saveCheckpoint(run: Run, { step, isFinal }: { step: number; isFinal: boolean }): Promise<void> {
  const { checkpoints, learner, signal } = run;
  const world = run.toolkit.options.config();
  if (!isFinal) await run.log(`\nSaving at step ${step}\n`);
  obeyFlags(run);
  run.report('Saving model');
  // Noted before a byte is written: a row that was stopped in the middle names the step of a broken file.
  if (!isFinal) run.lastSavedStep = step;
  await run.sleep(world.delaysMs.save);
  const weights = await checkpoints.saveWeights({
    step,
    isFinal,
    learned: learner.learned(),
    sizeBytes: world.loraBytes,
    signal,
    pause: pauseOf(run, 'slow-save', step),
    spoil: spoilOf(run, { step, isFinal }),
  });
  for (const path of weights) await bookFile(run, path, step);
  // One line even for the two files of Wan 2.2, with a name that neither of them has.
  await run.log(`Saved checkpoint to ${checkpoints.path({ step, isFinal })}\n`);
  await saveOptimizer(run, step);
  if (!isFinal) {
    const removed = await checkpoints.prune();
    await run.log(removed.map((path) => `Removing old save: ${path}\n`).join(''));
  }
  run.entry.lastSavedStep = step;
  obeyFlags(run);
  run.report('Training');
}

async function saveOptimizer(run: Run, step: number): Promise<void> {
  const { checkpoints, learner } = run;
  if (strikes(run, 'no-optimizer', step)) return run.log('Could not save optimizer\n');
  const pause = pauseOf(run, 'slow-optimizer', step);
  // The old file stays for as long as the new one then takes to grow.
  for (let part = 0; pause !== undefined && part < PARTS; part += 1) await pause();
  await checkpoints.saveOptimizer({
    momentum: learner.momentum(step),
    sizeBytes: run.toolkit.options.config().optimizerBytes,
    pause,
    spoil: strikes(run, 'truncate-optimizer', step) ? 'truncate' : undefined,
  });
  await bookFile(run, checkpoints.optimizerPath, step);
  await run.log(`Saved optimizer to ${checkpoints.optimizerPath}\n`);
}

/** Files that visibly grow are written in about this many parts. */
const PARTS = 8;

function strikes(run: Run, effect: string, step: number): boolean {
  const fault = run.faults.modifiers.get(effect);
  return fault !== undefined && step >= (fault.step ?? 0);
}

function pauseOf(run: Run, effect: string, step: number): (() => Promise<void>) | undefined {
  if (!strikes(run, effect, step)) return undefined;
  const partMs = (run.faults.modifiers.get(effect)?.ms ?? 1000) / PARTS;
  return () => run.toolkit.options.clock.sleepReal(partMs, run.signal);
}

function spoilOf(run: Run, { step, isFinal }: { step: number; isFinal: boolean }): 'corrupt' | 'truncate' | undefined {
  const fault = run.faults.strike;
  const isDue = fault?.step === undefined ? isFinal : step >= fault.step;
  if (!isDue) return undefined;
  return ({ 'corrupt-file': 'corrupt', 'truncate-file': 'truncate' } as const)[fault?.effect ?? ''];
}
