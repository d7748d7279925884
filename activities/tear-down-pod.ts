import { createWindowMs } from '../core/interval.ts';
import { TemperaError } from '../core/failure.ts';
import { rentMicroUsd } from '../core/money.ts';
import type { Pod } from '../providers/compute/compute.ts';
import type { PodRow } from '../prisma/repositories/pods.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { discardPod, endPod } from './discard-pod.ts';
import { currentStep, keepAlive } from './step.ts';
import type { Step } from './step.ts';

export interface TearDownPodInput {
  readonly trainingId: string;
  readonly attempt: number;
  readonly createTimeoutMs: number;
  readonly reconcileIntervalMs: number;
}

export interface TornDown {
  /** What the attempt's pods have cost, by the vendor's billing where it had a record already. */
  readonly costMicroUsd: number;
}

/**
 * Ends every pod that an attempt may have, and returns only with the vendor's word that they are gone. Safe to repeat, safe
 * before anything was rented, and safe while nobody knows whether a create call made a pod.
 */
export function tearDownPod(deps: ActivityDependencies) {
  const { compute, repositories } = deps;

  /** Pods behind a ledger row that knows none. While its create call may still make one, the list is watched. */
  const findUnknown = async (row: PodRow, input: TearDownPodInput, step: Step): Promise<Pod[]> => {
    if (row.createSentAt === null) return [];
    const settledAt = row.createSentAt.getTime() + createWindowMs(input.createTimeoutMs);
    for (;;) {
      step.heartbeat();
      // After the window has passed the list is asked once more: nothing can appear later.
      const last = Date.now() >= settledAt;
      const listed = await keepAlive(step, compute.list({ maxAgeMs: 0 }, step.signal));
      const found = listed.filter((pod) => pod.name === row.name);
      if (found.length > 0 || last) return found;
      await step.sleep(input.reconcileIntervalMs);
    }
  };

  const costOf = async (row: PodRow, step: Step) => {
    if (row.externalId === null || row.createdAt === null || row.hourlyMicroUsd === null) {
      return { costMicroUsd: 0, costSettled: true };
    }
    const estimate = rentMicroUsd(row.hourlyMicroUsd, Date.now() - row.createdAt.getTime());
    // Billing runs every few minutes; a record that is already there may still grow, so it never lowers the estimate here.
    const billed = await keepAlive(step, compute.billed(row.externalId, row.createdAt, step.signal)).catch(() => null);
    return { costMicroUsd: Math.max(estimate, billed ?? 0), costSettled: false };
  };

  return async (input: TearDownPodInput): Promise<TornDown> => {
    try {
      return await tearDown(input);
    } catch (error) {
      // Also a refused key or a strange answer is tried again, for ever: a pod that is not proven gone bills until somebody mends it.
      if (!(error instanceof TemperaError) || error.retryable) throw error;
      throw new TemperaError(error.code, error.message, { cause: error, ids: error.ids, retryable: true });
    }
  };

  async function tearDown(input: TearDownPodInput): Promise<TornDown> {
    const step = currentStep();
    const rows = await repositories.pods.openPodsOfAttempt(input.trainingId, input.attempt);
    // First for all rows: from here on no create call may be sent for them.
    for (const row of rows) await repositories.pods.recordTerminateAsked(row.name);
    for (const { name } of rows) {
      // Read again: a create call that was under way may have stored its pod meanwhile.
      const known = await repositories.pods.findPod(name);
      if (!known || known.terminatedAt) continue;
      const unknown = known.externalId === null ? await findUnknown(known, input, step) : [];
      // Booked before it is ended, or its cost would be lost.
      if (unknown[0]) await repositories.pods.recordCreated({ ...unknown[0], name, externalId: unknown[0].id });
      const row = unknown[0] ? ((await repositories.pods.findPod(name)) ?? known) : known;
      for (const pod of unknown.slice(1)) await discardPod(deps, pod, 'teardown: a further pod of its name', step);
      if (row.externalId !== null) await endPod(deps, row.externalId, step);
      const note = row.externalId === null ? 'never created' : 'teardown';
      await repositories.pods.recordTerminated({ name, note, ...(await costOf(row, step)) });
    }
    return { costMicroUsd: await repositories.pods.ledgerCost(input.trainingId, input.attempt) };
  }
}
