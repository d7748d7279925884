import { newlyLeakedMs } from '../core/leak.ts';
import { podNamePrefix } from '../core/names.ts';
import { rentMicroUsd } from '../core/money.ts';
import type { Pod } from '../providers/compute/compute.ts';
import type { SweepRow, SweptPod } from '../prisma/repositories/sweeps.ts';
import { countSweep } from './count-sweep.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { judgePod } from './judge-pod.ts';
import type { Orphan } from './judge-pod.ts';
import { currentStep, keepAlive } from './step.ts';
import type { Step } from './step.ts';

export interface SweepInput {
  /** How old a pod must be before it can be swept. Milliseconds. */
  readonly graceMs: number;
  /**
   * Pause between two sweeps: plus the grace period, how long an orphan may live before it counts as leaked.
   * Milliseconds, default 120,000.
   */
  readonly intervalMs?: number | undefined;
  /**
   * How long after a pod's end the vendor is asked for its bill, and after that again: a bill is final when two agree.
   * Milliseconds, default 600,000.
   */
  readonly settleAfterMs?: number | undefined;
  /**
   * How long a training must be silent before its workflow is looked for; never less than the grace. Milliseconds,
   * default 900,000.
   */
  readonly quietAfterMs?: number | undefined;
}

export interface SweepReport {
  /** Pods of this installation that the vendor lists. */
  readonly alive: number;
  readonly owned: number;
  /** Orphaned pods left alive: too young, or their termination failed. */
  readonly orphaned: number;
  /** Ids are left out on purpose: names suffice and a pod's address follows from its id. */
  readonly swept: readonly { readonly name: string; readonly why: string }[];
  /** Time that orphaned pods lived beyond the interval and grace period since the last sweep. Seconds. */
  readonly leakedSeconds: number;
  /** Ledger rows closed because the vendor no longer knows the pod. */
  readonly closed: number;
  /** Pods whose bill has become final. */
  readonly settled: number;
  /** Trainings ended because an operator had terminated their workflow. */
  readonly ended: number;
  /** Trainings started because no process had handed them to Temporal. */
  readonly started: number;
}

/** A training accepted longer ago than this without a workflow was lost in between. Milliseconds. */
const UNSTARTED_AFTER_MS = 60_000;
/** A running training writes at least this often: while it waits for capacity, every ten minutes. Milliseconds. */
const QUIET_AFTER_MS = 900_000;
/**
 * RunPod's billing runs every 5 minutes (docs, 2026-08); we allow twice that before the first query and between
 * queries. Milliseconds.
 */
const SETTLE_AFTER_MS = 600_000;
const SETTLE_AT_ONCE = 50;
const QUIET_AT_ONCE = 100;
const INTERVAL_MS = 120_000;

/**
 * Accounts for every pod with our prefix: terminates those whose training is unknown, closed or on a later pod, after a
 * grace period. Acts only on a complete list; a failed list ends the sweep and never means "no pods".
 */
export function sweepPods(deps: ActivityDependencies) {
  const { compute, repositories, workflows } = deps;

  return async (input: SweepInput): Promise<SweepReport> => {
    const { graceMs, intervalMs = INTERVAL_MS } = input;
    const { settleAfterMs = SETTLE_AFTER_MS, quietAfterMs = QUIET_AFTER_MS } = input;
    const step = currentStep();
    // What needs no vendor comes first: a vendor outage must not hold up trainings that wait for a workflow.
    const { started, terminated } = await startLost();
    const ended = terminated + (await endAbandoned(step, new Date(Date.now() - Math.max(graceMs, quietAfterMs))));
    const troubles: unknown[] = [];
    const listedAt = Date.now();
    const prefix = podNamePrefix(deps.environment);
    const pods = (await keepAlive(step, compute.list({ maxAgeMs: 0 }, step.signal))).filter(
      (pod) => pod.name.startsWith(prefix) && pod.state !== 'gone',
    );
    const before = await repositories.sweeps.lastSweep();
    const swept: SweptPod[] = [];
    const orphaned: SweptPod[] = [];
    for (const pod of pods) {
      step.heartbeat();
      try {
        const orphan = await judgePod(deps, pod);
        if (orphan === null) continue;
        const isOld = listedAt - pod.createdAt.getTime() >= graceMs;
        const failure = isOld ? await failureOf(sweep(pod, orphan, step.signal)) : null;
        if (failure !== null) troubles.push(failure);
        const note = sweptPod(pod, orphan, { before, allowedMs: intervalMs + graceMs });
        (isOld && failure === null ? swept : orphaned).push(note);
      } catch (error) {
        // One pod that cannot be judged at the moment must not keep the others alive.
        troubles.push(error);
      }
    }
    const owned = pods.length - swept.length - orphaned.length;
    const leakedMs = [...swept, ...orphaned].reduce((sum, pod) => sum + pod.leakedMs, 0);
    await repositories.sweeps.recordSweep({ alive: pods.length, owned, orphaned, swept, leakedMs });
    countSweep({ alive: pods.length, orphaned: orphaned.length, swept: swept.length, leakedMs });
    const closed = await closeLedger(step, pods, new Date(listedAt - graceMs), troubles);
    const settled = await settle(step, new Date(Date.now() - settleAfterMs), troubles);
    if (troubles.length > 0) throw troubles[0];
    return {
      alive: pods.length,
      owned,
      orphaned: orphaned.length,
      swept: swept.map(({ name, why }) => ({ name, why })),
      leakedSeconds: Math.round(leakedMs / 1_000),
      closed,
      settled,
      ended,
      started,
    };
  };

  async function sweep(pod: Pod, orphan: Orphan, signal: AbortSignal): Promise<void> {
    // Entered in the ledger before it is terminated, or its bill could never be queried.
    const booked = { ...pod, externalId: pod.id };
    if (orphan.row === 'without_pod') await repositories.pods.recordCreated(booked);
    const name = orphan.row === 'of_another_pod' ? await repositories.pods.recordUnwanted(booked) : pod.name;
    await compute.terminate(pod.id, signal);
    if (orphan.row === 'none') return;
    // A stopped pod is listed with a price of zero; what it cost before is in its row.
    const row = await repositories.pods.findPod(name);
    const hourlyMicroUsd = Math.max(pod.hourlyMicroUsd, row?.hourlyMicroUsd ?? 0);
    const costMicroUsd = rentMicroUsd(hourlyMicroUsd, Date.now() - pod.createdAt.getTime());
    const note = `sweeper: ${orphan.why}`;
    await repositories.pods.recordTerminated({ name, costMicroUsd, costSettled: false, note });
    await bookCost(name);
  }

  /** A pod that was not terminated by the training's own workflow is missing from its total so far. */
  async function bookCost(podName: string): Promise<void> {
    const owner = await repositories.sweeps.findOwner(podName);
    if (owner) await repositories.bills.bookClosed(owner.trainingId);
  }

  /** Terminate runs no workflow code: without this, the row would say `training` for ever and block the character. */
  async function endAbandoned(step: Step, quietSince: Date): Promise<number> {
    let ended = 0;
    for await (const training of quietTrainings(quietSince)) {
      step.heartbeat();
      if (await workflows.isOpen(training.workflowId)) continue;
      await recordTerminatedByHand(training.id);
      ended += 1;
    }
    return ended;
  }

  /** All of them: a hundred that have been paused for days must not hide the one that was terminated. */
  async function* quietTrainings(quietSince: Date) {
    for (let afterId: string | null = null; ;) {
      const page = await repositories.sweeps.findQuiet({ quietSince, afterId, limit: QUIET_AT_ONCE });
      yield* page;
      if (page.length < QUIET_AT_ONCE) return;
      afterId = page.at(-1)!.id;
    }
  }

  async function recordTerminatedByHand(trainingId: string): Promise<void> {
    await repositories.trainings.recordEnded({
      trainingId,
      dedupe: 'abandoned',
      status: 'cancelled',
      phase: 'done',
      reason: 'CANCELLED',
      message: 'The workflow was terminated in Temporal',
    });
  }

  /** Rows whose pod is missing from a complete list and whose training has ended: nobody else closes them. */
  async function closeLedger(step: Step, pods: readonly Pod[], before: Date, troubles: unknown[]): Promise<number> {
    const listed = new Set(pods.flatMap(({ id, name }) => [id, name]));
    let closed = 0;
    for (const { name, externalId } of await repositories.sweeps.openPods(before)) {
      // A second pod with the same name has a row of its own, under a name that no list contains.
      if (listed.has(externalId ?? name)) continue;
      try {
        if (await closeRow(step, name)) closed += 1;
      } catch (error) {
        // One row that cannot be judged at the moment must not keep the others open.
        troubles.push(error);
      }
    }
    return closed;
  }

  /**
   * Closes a row whose pod was not listed; false while its training is running, or if the vendor knows the pod after
   * all.
   */
  async function closeRow(step: Step, name: string): Promise<boolean> {
    const owner = await repositories.sweeps.findOwner(name);
    if (!owner || (await workflows.isOpen(owner.workflowId))) return false;
    const { externalId, createdAt, hourlyMicroUsd } = owner;
    if (externalId !== null && !(await keepAlive(step, compute.isGone(externalId, step.signal)))) return false;
    const costMicroUsd =
      createdAt && hourlyMicroUsd ? rentMicroUsd(hourlyMicroUsd, Date.now() - createdAt.getTime()) : 0;
    const note = 'sweeper: not in the list';
    await repositories.pods.recordTerminated({ name, costMicroUsd, costSettled: false, note });
    await bookCost(name);
    return true;
  }

  async function settle(step: Step, endedBefore: Date, troubles: unknown[]): Promise<number> {
    let settled = 0;
    for (const pod of await repositories.bills.unsettledPods(endedBefore, SETTLE_AT_ONCE)) {
      try {
        const billed = await keepAlive(step, compute.billed(pod.externalId, pod.createdAt, step.signal));
        if (await repositories.bills.recordBill(pod.name, billed)) settled += 1;
      } catch (error) {
        // One bill that cannot be read or recorded must not hold up the others.
        troubles.push(error);
      }
    }
    return settled;
  }

  /**
   * Trainings that no workflow has taken over: started now, or ended if an operator terminated them before they began.
   */
  async function startLost(): Promise<{ started: number; terminated: number }> {
    const lost = await repositories.sweeps.findUnstarted(new Date(Date.now() - UNSTARTED_AFTER_MS));
    let terminated = 0;
    for (const training of lost) {
      if ((await workflows.startTraining(training)) === 'running') continue;
      await recordTerminatedByHand(training.id);
      terminated += 1;
    }
    return { started: lost.length - terminated, terminated };
  }
}

/** What this sweep records about an orphaned pod, with the leaked time that no earlier sweep has counted. */
function sweptPod(
  pod: Pod,
  orphan: Orphan,
  { before, allowedMs }: { readonly before: SweepRow | null; readonly allowedMs: number },
): SweptPod {
  const now = new Date();
  const createdAt = pod.createdAt.toISOString();
  const counted = [...(before?.orphaned ?? []), ...(before?.swept ?? [])].find(
    (other) => other.name === pod.name && other.createdAt === createdAt,
  );
  const leakedMs = newlyLeakedMs({
    orphanedAtMs: orphan.since.getTime(),
    allowedMs,
    countedUntilMs: counted ? Date.parse(counted.seenAt) : null,
    nowMs: now.getTime(),
  });
  const orphanedAt = orphan.since.toISOString();
  return { name: pod.name, why: orphan.why, createdAt, orphanedAt, seenAt: now.toISOString(), leakedMs };
}

/** The error that a step ended with; null when it succeeded. */
async function failureOf(step: Promise<unknown>): Promise<unknown> {
  try {
    await step;
    return null;
  } catch (error) {
    return error;
  }
}
