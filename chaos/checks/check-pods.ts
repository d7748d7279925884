import { shortTrainingId } from '../../core/names.ts';
import type { Book, BookPod, BookTraining } from '../book.ts';
import { took } from '../evidence.ts';
import type { Evidence, OutageEvidence } from '../evidence.ts';
import type { Violation } from './violation.ts';

/**
 * Pods of all trainings: never two of one training at a time, one trainer per attempt that makes a step, none without
 * an owner for long.
 */
export function checkPods({ trainings, book, outages, leakAllowanceMs }: Evidence): Violation[] {
  const found: Violation[] = [];
  for (const training of trainings) {
    const { id, closedAtMs } = training;
    const pods = podsOf(book, id);
    for (const [one, other] of overlaps(pods, lifeOfPod))
      found.push({ code: 'DUPLICATE_PODS', trainingId: id, message: `${one.name} and ${other.name}` });
    // A run that was reset goes on with its attempt on another pod when the first one has stopped meanwhile.
    const mayFollow = took(training, 'reset') > 0;
    for (const [attempt, trainers] of trainersByAttempt(book, pods))
      if (mayFollow ? overlaps(trainers, lifeOfTrainer).length > 0 : trainers.length > 1)
        found.push({ code: 'TRAINED_TWICE', trainingId: id, message: `${trainers.length} trainers in ${attempt}` });
    for (const pod of pods) {
      const leakedMs = leakedFor(pod, { closedAtMs, nowMs: book.nowMs, outages }) - leakAllowanceMs;
      if (leakedMs > 0)
        found.push({
          code: 'LEAKED_POD',
          trainingId: id,
          message: `${pod.name}: ${Math.round(leakedMs / 1_000)} s too long`,
        });
    }
  }
  const known = new Set(trainings.flatMap(({ id }) => podsOf(book, id)));
  for (const pod of book.pods)
    if (!known.has(pod)) found.push({ code: 'LEAKED_POD', message: `${pod.name} belongs to no training` });
  return found;
}

/** The pods that a training has had, by the emulator's book. */
export function podsOf(book: Book, trainingId: string): BookPod[] {
  return book.pods.filter(({ name }) => name.includes(shortTrainingId(trainingId)));
}

interface Life {
  readonly fromMs: number;
  readonly toMs: number;
}

function overlaps<Entry>(entries: readonly Entry[], lifeOf: (entry: Entry) => Life): [Entry, Entry][] {
  return entries.flatMap((one, index) =>
    entries
      .slice(index + 1)
      .filter((other) => lifeOf(one).fromMs < lifeOf(other).toMs && lifeOf(other).fromMs < lifeOf(one).toMs)
      .map((other): [Entry, Entry] => [one, other]),
  );
}

function lifeOfPod({ createdAtMs, deletedAtMs }: BookPod): Life {
  return { fromMs: createdAtMs, toMs: deletedAtMs ?? Infinity };
}

function lifeOfTrainer({ startedAtMs, endedAtMs }: BookTraining): Life {
  return { fromMs: startedAtMs, toMs: endedAtMs ?? Infinity };
}

/** Trainers that made a step, by the attempt of their pod. */
function trainersByAttempt(book: Book, pods: readonly BookPod[]): Map<string, BookTraining[]> {
  const byAttempt = new Map<string, BookTraining[]>();
  for (const trainer of book.trainings) {
    // On a container that was started anew a repeated start finds no photos: such a trainer ends before its first step.
    if (trainer.lastStep === 0) continue;
    const attempt = pods.find(({ id }) => id === trainer.podId)?.name.replace(/p\d+$/, '');
    if (attempt !== undefined) byAttempt.set(attempt, [...(byAttempt.get(attempt) ?? []), trainer]);
  }
  return byAttempt;
}

/** A sweep whose worker died or froze is taken up again after its heartbeat limit and a pause. Milliseconds. */
const SWEEP_RETAKEN_MS = 6_000;

/** When a sweep could be made again after an outage. Epoch milliseconds. */
function freeAgain({ kind, toMs }: OutageEvidence): number {
  return kind.startsWith('worker-') ? toMs + SWEEP_RETAKEN_MS : toMs;
}

/**
 * How long a pod lived after its training had ended, without the time in which nobody could have swept it.
 * Milliseconds.
 */
export function leakedFor(
  pod: BookPod,
  { closedAtMs, nowMs, outages }: { closedAtMs: number | null; nowMs: number; outages: readonly OutageEvidence[] },
): number {
  if (closedAtMs === null) return 0;
  const fromMs = Math.max(closedAtMs, pod.createdAtMs);
  const toMs = Math.min(pod.deletedAtMs ?? Infinity, nowMs);
  const shut = outages.reduce(
    (sum, one) => sum + Math.max(0, Math.min(freeAgain(one), toMs) - Math.max(one.fromMs, fromMs)),
    0,
  );
  return Math.max(0, toMs - fromMs - shut);
}
