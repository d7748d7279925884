import { kindOf, writtenBy } from './check-bytes.ts';
import { podsOf } from './check-pods.ts';
import type { AttemptEvidence, Evidence, SaveEvidence, TrainingEvidence } from './evidence.ts';
import { FAULT_KINDS } from './fault-kinds.ts';
import type { Violation } from './violation.ts';
import type { Book, BookTraining } from './world.ts';

/** Every attempt that trained went on from the newest save that was at home by then, and the record says what happened. */
export function checkResumes(training: TrainingEvidence, evidence: Evidence): Violation[] {
  const { id, attempts } = training;
  const { book } = evidence;
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
    if (from < newest) {
      const message = `attempt ${attempt.number} went on from ${from}; a save of step ${newest} was at home`;
      return [{ code: 'SAVE_FORGOTTEN', trainingId: id, message }];
    }
    const left = saveLeftBehind(training, attempt, evidence);
    if (left === null || from >= left) return [];
    const message = `attempt ${attempt.number} went on from ${from}; its predecessor’s pod had a save of step ${left}`;
    return [{ code: 'SAVE_LEFT', trainingId: id, message }];
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

/** Saves of which all weights and the optimizer were at home, with the time at which the last of them had come. */
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

/** Ends of a trainer on a pod that goes on answering: what it saved can be fetched before the pod is ended. */
const LEAVES_THE_POD = new Set([
  'trainer-exit',
  'trainer-sigkill',
  'trainer-oom',
  'trainer-hang',
  'trainer-db-lock',
  'trainer-zombie',
]);
/** Reasons with which the pod is kept until its saves are at home. */
const FETCHED_AFTER = new Set(['TRAINER_ERROR', 'OUT_OF_MEMORY', 'TRAINING_STALLED']);
/** What may keep a save from coming home before the pod is ended, beside outages. */
const IN_THE_WAY = (kind: string) =>
  FAULT_KINDS[kind]?.area === 'vendor' || kind.endsWith('-download') || kind === 'truncated-weights';

/**
 * Step of the newest whole save on the pod of the attempt before, when that attempt's trainer had failed on a pod that answered and nothing
 * kept us from fetching it; else null.
 */
function saveLeftBehind(
  training: TrainingEvidence,
  attempt: AttemptEvidence,
  { book, outages }: Evidence,
): number | null {
  const { id, attempts, faults, acts, filesPerSave } = training;
  const before = attempts.find(({ number }) => number === attempt.number - 1);
  const trainer = before && trainerOf(book, id, before.number);
  if (before === undefined || trainer === undefined || trainer.endedAtMs === null || before.endedAtMs === null)
    return null;
  const struck = faults.filter((fault) => fault.struck).map(({ kind }) => kind);
  const isOurs =
    acts.length === 0 && struck.every((kind) => !IN_THE_WAY(kind)) && struck.some((kind) => LEAVES_THE_POD.has(kind));
  const [fromMs, toMs] = [trainer.startedAtMs, before.endedAtMs];
  const isDisturbed = outages.some(
    (outage) => outage.done && outage.fromMs <= toMs && outage.toMs + AFTERMATH_MS >= fromMs,
  );
  if (!isOurs || isDisturbed || before.status !== 'failed' || !FETCHED_AFTER.has(before.reason ?? '')) return null;
  const written = writtenBy(book, id, before.number);
  const steps = written
    .filter((file) => kindOf(file) === 'optimizer')
    .map(({ step }) => step)
    .filter(
      (step) => written.filter((file) => kindOf(file) === 'weights' && file.step === step).length === filesPerSave,
    );
  return steps.length === 0 ? null : Math.max(...steps);
}

/** How long an outage may be felt after its end. Milliseconds. */
const AFTERMATH_MS = 15_000;
