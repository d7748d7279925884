import { shortTrainingId } from '../core/names.ts';
import type { Evidence, OutageEvidence } from './evidence.ts';
import type { Violation } from './violation.ts';
import type { Book, BookPod } from './world.ts';

/** Pods of all trainings: never two of one training at a time, one trainer per attempt that makes a step, none without an owner for long. */
export function checkPods({ trainings, book, outages, leakAllowanceMs }: Evidence): Violation[] {
  const found: Violation[] = [];
  for (const { id, closedAtMs } of trainings) {
    const pods = podsOf(book, id);
    for (const [one, other] of overlaps(pods))
      found.push({ code: 'DUPLICATE_PODS', trainingId: id, message: `${one.name} and ${other.name}` });
    for (const [attempt, starts] of startsByAttempt(book, pods))
      if (starts > 1)
        found.push({ code: 'TRAINED_TWICE', trainingId: id, message: `${starts} trainers in ${attempt}` });
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

function overlaps(pods: readonly BookPod[]): [BookPod, BookPod][] {
  return pods.flatMap((one, index) =>
    pods
      .slice(index + 1)
      .filter((other) => one.createdAtMs < endOf(other) && other.createdAtMs < endOf(one))
      .map((other): [BookPod, BookPod] => [one, other]),
  );
}

function endOf({ deletedAtMs }: BookPod): number {
  return deletedAtMs ?? Infinity;
}

function startsByAttempt(book: Book, pods: readonly BookPod[]): Map<string, number> {
  const starts = new Map<string, number>();
  for (const { podId, lastStep } of book.trainings) {
    // On a container that was started anew a repeated start finds no photos: such a trainer ends before its first step.
    if (lastStep === 0) continue;
    const name = pods.find(({ id }) => id === podId)?.name.replace(/p\d+$/, '');
    if (name !== undefined) starts.set(name, (starts.get(name) ?? 0) + 1);
  }
  return starts;
}

/** A sweep whose worker died or froze is taken up again after its heartbeat limit and a pause. Milliseconds. */
const SWEEP_RETAKEN_MS = 6_000;

/** When a sweep could be made again after an outage. Epoch milliseconds. */
function freeAgain({ kind, toMs }: OutageEvidence): number {
  return kind.startsWith('worker-') ? toMs + SWEEP_RETAKEN_MS : toMs;
}

/** How long a pod lived after its training had ended, without the time in which nobody could have swept it. Milliseconds. */
export function leakedFor(
  pod: BookPod,
  { closedAtMs, nowMs, outages }: { closedAtMs: number | null; nowMs: number; outages: readonly OutageEvidence[] },
): number {
  if (closedAtMs === null) return 0;
  const fromMs = Math.max(closedAtMs, pod.createdAtMs);
  const toMs = Math.min(endOf(pod), nowMs);
  const shut = outages.reduce(
    (sum, one) => sum + Math.max(0, Math.min(freeAgain(one), toMs) - Math.max(one.fromMs, fromMs)),
    0,
  );
  return Math.max(0, toMs - fromMs - shut);
}
