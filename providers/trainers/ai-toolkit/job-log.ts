import type { JobLog } from '../../backends/job.ts';

const SAVING = /^Saving at step (\d+)$/;
const SAVED = 'Saved checkpoint to ';
const SAVED_WEIGHTS = /^Saved checkpoint to (.*)\.safetensors$/;
const SAVED_OPTIMIZER = /^Saved optimizer to /;
const LOADING_OPTIMIZER = /^Loading optimizer state from /;
const FAILED_OPTIMIZER = /^Failed to load optimizer state from /;
/** A checkpoint's name ends with its step in nine digits; that of the final weights does not. */
const STEP = /_(\d{9})$/;

/**
 * Follows a job's log. The optimizer's file has the same name and size at every save, so only these lines show which
 * step it belongs to (jobs/process/BaseSDTrainProcess.py of ostris/ai-toolkit@27a03a91). The final save is not
 * announced: it is recognised by the name of its weights, which is printed before the optimizer is overwritten. A line
 * that matches nothing completes no save.
 */
export function createJobLog(): JobLog {
  let rest = '';
  let saves = 0;
  let save: JobLog['save'] = null;
  const timesSaved = new Map<number, number>();
  let optimizer: JobLog['optimizer'] = 'none';
  const read = (line: string) => {
    const begun = SAVING.exec(line)?.[1];
    const weights = SAVED_WEIGHTS.exec(line)?.[1];
    if (begun !== undefined) {
      const step = Number(begun);
      saves += 1;
      timesSaved.set(step, (timesSaved.get(step) ?? 0) + 1);
      save = { step, number: saves, state: 'begun' };
    } else if (weights !== undefined) {
      const step = STEP.exec(weights)?.[1];
      save = save?.state === 'begun' && Number(step) === save.step ? { ...save, state: 'weights' } : null;
    } else if (line.includes(SAVED)) {
      // After a progress bar that was not terminated: whatever it is, the optimizer is overwritten next.
      save = null;
    } else if (SAVED_OPTIMIZER.test(line)) {
      save = save?.state === 'weights' ? { ...save, state: 'whole' } : null;
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
    get save() {
      return save;
    },
    timesSaved: (step) => timesSaved.get(step) ?? 0,
    get optimizer() {
      return optimizer;
    },
  };
}
