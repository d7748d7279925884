/** Gathers the evidence of a run from the database, the store, Temporal and the emulator's account book. */
import { collectTraining } from './collect-training.ts';
import type { Evidence, TrainingEvidence } from './evidence.ts';
import type { Played } from './play.ts';
import type { ChaosPlan } from './plan.ts';
import { SWEEP } from './stack.ts';
import type { ChaosStack } from './stack.ts';

/** A sweep on a busy machine, with a vendor that answers its list at the second or third try. Milliseconds. */
const SWEEP_TAKES_MS = 15_000;

/** Reads everything; the installation must be at rest. */
export async function collectEvidence(stack: ChaosStack, plan: ChaosPlan, played: Played): Promise<Evidence> {
  const hits = new Map((await stack.world.faults()).map(({ id, hits: count, skip = 0 }) => [id, count > skip]));
  const wasHit = (ids: readonly string[]) => ids.some((id) => hits.get(id) === true);
  const trainings: TrainingEvidence[] = [];
  for (const one of played.trainings)
    trainings.push(
      await collectTraining(stack, one, {
        wasHit,
        saved: played.saves.filter(({ trainingId }) => trainingId === one.id),
      }),
    );
  const { hub } = await stack.world.state();
  return {
    seed: plan.seed,
    runs: plan.runs,
    trainings: trainings.toSorted((a, b) => a.index - b.index),
    outages: played.outages.map(({ kind, fromMs, toMs, done, faultIds }) => ({
      kind,
      fromMs,
      toMs,
      done,
      struck: done && (faultIds.length === 0 || wasHit(faultIds)),
    })),
    book: await stack.world.book(),
    tags: Object.fromEntries(hub.repos.map(({ id, tags }) => [id, Object.keys(tags).length])),
    leakAllowanceMs: (SWEEP.intervalSeconds + SWEEP.graceSeconds) * 1_000 + SWEEP_TAKES_MS,
    notAccepted: plan.runs - played.trainings.length,
    durationMs: played.endedAtMs - played.startedAtMs,
  };
}
