import type { AttemptEvidence, Evidence, TrainingEvidence } from '../evidence.ts';
import { kindOf, writtenBy } from './check-bytes.ts';
import { trainerOf } from './trainer-of.ts';

/** Failure codes for which a pod is kept until its saves are in our store. */
const FETCHED_AFTER = new Set(['TRAINER_ERROR', 'OUT_OF_MEMORY', 'TRAINING_STALLED']);
/** What may keep a save from being fetched before its pod is ended. */
const IN_THE_WAY = {
  faults: new Set<string>([
    'start-page',
    'bad-gateway',
    'proxy-reset',
    'truncated-download',
    'slow-download',
    'truncated-weights',
    'ghost',
    'container-restart',
    'pod-vanishes',
    'pod-vanishes-any-time',
    'pod-exits',
  ]),
  outages: /^(worker|postgres|temporal|store)-/,
  /**
   * How long an outage of ours may have an effect after its end: a step whose worker died is retried this late.
   * Milliseconds.
   */
  aftermathMs: 12_000,
} as const;

/**
 * Step of the newest complete save on the previous attempt's pod, when that attempt's trainer had failed on a pod that
 * answered, and neither a person nor an outage nor a fault kept us from fetching what it had saved; else null.
 */
export function saveToFetch(
  training: TrainingEvidence,
  attempt: AttemptEvidence,
  { book, outages }: Evidence,
): number | null {
  const { id, attempts, faults, acts, filesPerSave } = training;
  const before = attempts.find(({ number }) => number === attempt.number - 1);
  const trainer = before && trainerOf(book, id, before.number);
  if (!before || !trainer || before.endedAtMs === null || trainer.endedAtMs === null) return null;
  if (before.status !== 'failed' || !FETCHED_AFTER.has(before.reason ?? '')) return null;
  const [fromMs, toMs] = [trainer.endedAtMs, before.endedAtMs];
  const isHindered =
    faults.some((fault) => fault.struck && fault.attempt === before.number && IN_THE_WAY.faults.has(fault.kind)) ||
    acts.some(({ atMs }) => atMs >= trainer.startedAtMs && atMs <= toMs) ||
    outages.some(
      (outage) =>
        outage.done &&
        IN_THE_WAY.outages.test(outage.kind) &&
        outage.fromMs <= toMs &&
        outage.toMs + IN_THE_WAY.aftermathMs >= fromMs,
    );
  if (isHindered) return null;
  const written = writtenBy(book, id, before.number);
  const steps = written
    .filter((file) => kindOf(file) === 'optimizer')
    .map(({ step }) => step)
    .filter(
      (step) => written.filter((file) => kindOf(file) === 'weights' && file.step === step).length === filesPerSave,
    );
  return steps.length === 0 ? null : Math.max(...steps);
}
