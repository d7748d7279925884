import { podsOf } from './check-pods.ts';
import type { AttemptEvidence, TrainingEvidence } from './evidence.ts';
import type { Violation } from './violation.ts';
import type { Book, BookTraining } from './world.ts';

/** Every attempt that trained went on from the newest save that was at home by then, and the record says what happened. */
export function checkResumes(training: TrainingEvidence, book: Book): Violation[] {
  const { id, attempts } = training;
  return attempts.flatMap((attempt): Violation[] => {
    const process = trainerOf(book, id, attempt.number);
    // One that ended while it loaded has looked at no save.
    if (process === undefined || process.lastStep === 0) return [];
    const from = process.resumedFromStep ?? 0;
    if (from !== (attempt.resumedFromStep ?? 0)) {
      const message = `attempt ${attempt.number} went on from ${from}, the record says ${attempt.resumedFromStep ?? 0}`;
      return [{ code: 'RESUME_UNTRUE', trainingId: id, message }];
    }
    const newest = newestSave(training, attempt, process);
    if (from >= newest) return [];
    const message = `attempt ${attempt.number} went on from ${from}; a save of step ${newest} was at home`;
    return [{ code: 'SAVE_FORGOTTEN', trainingId: id, message }];
  });
}

/** The trainer's process of an attempt; undefined when none was started. */
export function trainerOf(book: Book, trainingId: string, attempt: number): BookTraining | undefined {
  const ids = new Set(
    podsOf(book, trainingId)
      .filter(({ name }) => name.includes(`-a${attempt}p`))
      .map((pod) => pod.id),
  );
  return book.trainings.find(({ podId }) => ids.has(podId));
}

/** Step of the newest save of earlier attempts that was at home when the attempt began; one that led nowhere is not trusted twice. */
function newestSave(
  { saves, attempts }: TrainingEvidence,
  attempt: AttemptEvidence,
  { startedAtMs }: BookTraining,
): number {
  const stuck = attempts
    .filter((one) => one.number < attempt.number && one.resumedFromStep !== null && one.lastStep <= one.resumedFromStep)
    .map((one) => one.resumedFromStep);
  const steps = saves
    .filter((save) => save.attempt < attempt.number && save.homeAtMs < Math.min(attempt.startedAtMs, startedAtMs))
    .map(({ step }) => step)
    .filter((step) => !stuck.includes(step));
  return Math.max(0, ...steps);
}
