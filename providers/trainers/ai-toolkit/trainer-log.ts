import type { TrainerLog } from '../trainer.ts';

const SAVING = /^Saving at step (\d+)$/;
const SAVED_OPTIMIZER = /^Saved optimizer to /;
const LOADING_OPTIMIZER = /^Loading optimizer state from /;
const FAILED_OPTIMIZER = /^Failed to load optimizer state from /;

/**
 * Follows a job's log. The optimizer's file has the same name and size at every save, so only these lines tell to which step it
 * belongs (jobs/process/BaseSDTrainProcess.py of ostris/ai-toolkit@27a03a91).
 */
export function createTrainerLog(): TrainerLog {
  let rest = '';
  let saving: number | null = null;
  let wholeSave: number | null = null;
  let optimizer: TrainerLog['optimizer'] = 'none';
  const read = (line: string) => {
    const step = SAVING.exec(line)?.[1];
    if (step !== undefined) {
      saving = Number(step);
      wholeSave = null;
    } else if (SAVED_OPTIMIZER.test(line)) {
      wholeSave = saving;
    } else if (LOADING_OPTIMIZER.test(line)) {
      optimizer = 'loaded';
    } else if (FAILED_OPTIMIZER.test(line)) {
      optimizer = 'failed';
    }
  };
  return {
    add(text) {
      // Progress bars end with a carriage return; a piece may end in the middle of a line.
      const lines = (rest + text).split(/[\r\n]/);
      rest = lines.pop() ?? '';
      for (const line of lines) read(line.trim());
    },
    get wholeSave() {
      return wholeSave;
    },
    get optimizer() {
      return optimizer;
    },
  };
}
