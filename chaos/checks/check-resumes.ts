import type { AttemptEvidence, Evidence, SaveEvidence, TrainingEvidence } from '../evidence.ts';
import type { BookTraining } from '../book.ts';
import { saveToFetch } from './save-to-fetch.ts';
import { trainerOf } from './trainer-of.ts';
import type { Violation } from './violation.ts';

/**
 * Every attempt that trained resumed from the newest save that was in our store by then, and the record says what
 * happened.
 */
export function checkResumes(training: TrainingEvidence, evidence: Evidence): Violation[] {
  const { id, attempts } = training;
  const { book } = evidence;
  return attempts.flatMap((attempt): Violation[] => {
    const process = trainerOf(book, id, attempt.number);
    // One that ended while loading has not looked for a save.
    if (process === undefined || process.lastStep === 0) return [];
    const from = process.resumedFromStep ?? 0;
    if (from !== (attempt.resumedFromStep ?? 0)) {
      const message = `attempt ${attempt.number} went on from ${from}, the record says ${attempt.resumedFromStep ?? 0}`;
      return [{ code: 'RESUME_UNTRUE', trainingId: id, message }];
    }
    const newest = newestSave(training, attempt, process);
    if (from < newest) {
      const message = `attempt ${attempt.number} went on from ${from}; a save of step ${newest} was at home`;
      return [{ code: 'SAVE_FORGOTTEN', trainingId: id, message }];
    }
    const onPod = saveToFetch(training, attempt, evidence);
    if (onPod === null || from >= onPod) return [];
    const message = `attempt ${attempt.number} went on from ${from}; its predecessor’s pod had a save of step ${onPod}`;
    return [{ code: 'SAVE_LEFT', trainingId: id, message }];
  });
}

/**
 * Step of the newest save of earlier attempts that was in our store when the attempt began; one that led nowhere is not
 * tried twice.
 */
function newestSave(training: TrainingEvidence, attempt: AttemptEvidence, { startedAtMs }: BookTraining): number {
  const stuck = stuckAt(training, attempt);
  const steps = wholeSaves(training)
    .filter((save) => save.attempt < attempt.number && save.homeAtMs < Math.min(attempt.startedAtMs, startedAtMs))
    .map(({ step }) => step)
    .filter((step) => !stuck.includes(step));
  return Math.max(0, ...steps);
}

function stuckAt({ attempts }: TrainingEvidence, { number }: AttemptEvidence): (number | null)[] {
  return attempts
    .filter((one) => one.number < number && one.resumedFromStep !== null && one.lastStep <= one.resumedFromStep)
    .map((one) => one.resumedFromStep);
}

/** Saves with all weights and the optimizer in our store, and the time at which the last of these arrived. */
function wholeSaves({ saves, filesPerSave }: TrainingEvidence) {
  const groups = new Map<string, SaveEvidence[]>();
  for (const file of saves) {
    const key = `${file.attempt}:${file.step}`;
    groups.set(key, [...(groups.get(key) ?? []), file]);
  }
  return [...groups.values()].flatMap((files) => {
    const weights = files.filter(({ kind }) => kind === 'weights');
    const isWhole = weights.length === filesPerSave && weights.length < files.length;
    const { attempt, step } = files[0]!;
    return isWhole ? [{ attempt, step, homeAtMs: Math.max(...files.map(({ homeAtMs }) => homeAtMs)) }] : [];
  });
}
