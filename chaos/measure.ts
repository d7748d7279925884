/** Figures of a run: how trainings ended, what recoveries lost and took. */
import { leakedFor, podsOf } from './checks/check-pods.ts';
import type { Evidence } from './evidence.ts';
import { RECIPE } from './fault-kinds.ts';
import { saveToFetch } from './checks/save-to-fetch.ts';
import { trainerOf } from './checks/trainer-of.ts';

export interface Spread {
  readonly count: number;
  readonly median: number;
  readonly p90: number;
  readonly max: number;
}

export interface Figures {
  /** Trainings by end state. */
  readonly ends: Readonly<Record<string, number>>;
  readonly attempts: number;
  readonly pods: number;
  readonly outages: Readonly<Record<string, number>>;
  readonly billedMicroUsd: number;
  readonly ledgerMicroUsd: number;
  readonly podSeconds: number;
  /** Pod-seconds without an owner, all of them. */
  readonly ownerlessSeconds: number;
  /** Pod-seconds without an owner beyond one sweep and its grace. */
  readonly leakedSeconds: number;
  /** Steps that a recovery had to make again. */
  readonly stepsLost: Spread;
  readonly recoveriesWithinInterval: number;
  /** Recoveries whose pod had a complete save, and those among them that resumed from that very save. */
  readonly savesOnPods: number;
  readonly savesBroughtHome: number;
  /** Recoveries in which nothing kept us from fetching a save from the pod: these are judged. */
  readonly savesToFetch: number;
  /** Files in our store whose bytes were compared with those on the pod. */
  readonly filesCompared: number;
  readonly saveInterval: number;
  /** From the end of a trainer to the end of its attempt, pod gone and row closed. Milliseconds. */
  readonly noticeMs: Spread;
  /** From the end of a trainer to the start of the next one of the same training. Milliseconds. */
  readonly resumeMs: Spread;
  readonly durationMs: number;
}

/** Computes all figures from the evidence. */
export function measure(evidence: Evidence): Figures {
  const { trainings, book, outages, leakAllowanceMs } = evidence;
  const recoveries = trainings.flatMap((training) => recoveriesOf(training, evidence));
  const ownerless = trainings.flatMap(({ id, closedAtMs }) =>
    podsOf(book, id).map((pod) => leakedFor(pod, { closedAtMs, nowMs: book.nowMs, outages })),
  );
  return {
    ends: countBy(trainings.map(({ status, workflow }) => (workflow === 'TERMINATED' ? 'terminated' : status))),
    attempts: sum(trainings.map(({ attempts }) => attempts.length)),
    pods: book.pods.length,
    outages: countBy(outages.filter(({ done }) => done).map(({ kind }) => kind)),
    billedMicroUsd: book.costMicroUsd,
    ledgerMicroUsd: sum(trainings.flatMap(({ ledger }) => ledger.map(({ costMicroUsd }) => costMicroUsd))),
    podSeconds: sum(book.pods.map(({ billedSeconds }) => billedSeconds)),
    ownerlessSeconds: sum(ownerless) / 1_000,
    leakedSeconds: sum(ownerless.map((ms) => Math.max(0, ms - leakAllowanceMs))) / 1_000,
    stepsLost: spread(recoveries.map(({ stepsLost }) => stepsLost)),
    recoveriesWithinInterval: recoveries.filter(({ stepsLost }) => stepsLost <= RECIPE.checkpointInterval).length,
    savesOnPods: recoveries.filter(({ savedOnPod }) => savedOnPod > 0).length,
    savesBroughtHome: recoveries.filter(({ savedOnPod, from }) => savedOnPod > 0 && from >= savedOnPod).length,
    savesToFetch: sum(
      trainings.map(
        (training) => training.attempts.filter((attempt) => saveToFetch(training, attempt, evidence) !== null).length,
      ),
    ),
    filesCompared: sum(
      trainings.map((training) => training.saves.length + training.home.length + training.artifact.length),
    ),
    saveInterval: RECIPE.checkpointInterval,
    noticeMs: spread(recoveries.flatMap(({ noticeMs }) => noticeMs ?? [])),
    resumeMs: spread(recoveries.map(({ resumeMs }) => resumeMs)),
    durationMs: evidence.durationMs,
  };
}

interface Recovery {
  readonly stepsLost: number;
  readonly from: number;
  /** Step of the newest complete save on the pod that was lost; 0 for none. */
  readonly savedOnPod: number;
  readonly noticeMs: number | null;
  readonly resumeMs: number;
}

/** From one trainer of a training to the next one. */
function recoveriesOf({ id, attempts }: Evidence['trainings'][number], { book }: Evidence): Recovery[] {
  const trained = attempts.flatMap((attempt) => {
    const trainer = trainerOf(book, id, attempt.number);
    return trainer === undefined ? [] : [{ attempt, trainer }];
  });
  return trained.slice(1).flatMap(({ trainer: next }, index) => {
    const { attempt, trainer } = trained[index]!;
    if (trainer.endedAtMs === null) return [];
    return [
      {
        stepsLost: Math.max(0, trainer.lastStep - (next.resumedFromStep ?? 0)),
        from: next.resumedFromStep ?? 0,
        savedOnPod: trainer.lastSavedStep < RECIPE.steps ? trainer.lastSavedStep : 0,
        noticeMs: attempt.endedAtMs === null ? null : Math.max(0, attempt.endedAtMs - trainer.endedAtMs),
        resumeMs: Math.max(0, next.startedAtMs - trainer.endedAtMs),
      },
    ];
  });
}

function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  return { count: sorted.length, median: at(0.5), p90: at(0.9), max: sorted.at(-1) ?? 0 };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function countBy(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names.toSorted()) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}
