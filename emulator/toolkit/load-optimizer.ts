import type { Run } from './run.ts';

/**
 * What the trainer does with optimizer.pt of its folder, and the lines that it prints (ostris/ai-toolkit@27a03a91,
 * jobs/process/BaseSDTrainProcess.py): a file that does not load is only mentioned, a missing one not even that, and
 * one that belongs to other weights loads as if it were the right one.
 */
export async function loadOptimizer(run: Run): Promise<void> {
  const { checkpoints, entry, learner } = run;
  const path = checkpoints.optimizerPath;
  const file = await checkpoints.readOptimizer();
  if (file.status === 'absent') {
    entry.optimizer = entry.resumedFromStep === null ? 'fresh' : 'missing';
    return;
  }
  await run.log(`Loading optimizer state from ${path}\n`);
  if (file.status === 'unreadable') {
    entry.optimizer = 'unreadable';
    await run.log(`Failed to load optimizer state from ${path}\n${file.text}\n`);
  } else {
    const belongs = learner.load(file.isWhole ? file.momentum : { ...file.momentum, weights: 'damaged' });
    entry.optimizer = belongs ? 'restored' : 'mismatch';
  }
  await run.log('Updating optimizer LR from params\n');
}
