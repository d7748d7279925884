import { createWindowMs } from '../core/interval.ts';
import { rentMicroUsd } from '../core/money.ts';
import type { PodRow } from '../prisma/repositories/pods.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { currentStep } from './step.ts';
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

const CONFIRM_PAUSE_MS = 250;

/**
 * Ends every pod that an attempt may have, and returns only with the vendor's word that they are gone. Safe to repeat, safe
 * before anything was rented, and safe while nobody knows whether a create call made a pod.
 */
export function tearDownPod(deps: ActivityDependencies) {
  const { compute, repositories } = deps;

  /** Ids of the pods behind a ledger row. A row whose create call may still make one is watched until that is settled. */
  const idsOf = async (row: PodRow, input: TearDownPodInput, step: Step): Promise<string[]> => {
    if (row.externalId !== null) return [row.externalId];
    if (row.createSentAt === null) return [];
    const settledAt = row.createSentAt.getTime() + createWindowMs(input.createTimeoutMs);
    for (;;) {
      step.heartbeat();
      // After the window has passed the list is asked once more: nothing can appear later.
      const last = Date.now() >= settledAt;
      const found = (await compute.list({ maxAgeMs: 0 }, step.signal)).filter((pod) => pod.name === row.name);
      if (found.length > 0 || last) return found.map((pod) => pod.id);
      await step.sleep(input.reconcileIntervalMs);
    }
  };

  const end = async (podId: string, step: Step) => {
    await compute.terminate(podId, step.signal);
    while (!(await compute.isGone(podId, step.signal))) {
      step.heartbeat();
      await step.sleep(CONFIRM_PAUSE_MS);
    }
  };

  const costOf = async (row: PodRow, ids: readonly string[], step: Step) => {
    if (ids.length === 0) return { costMicroUsd: 0, costSettled: true };
    if (row.createdAt === null || row.hourlyMicroUsd === null) return { costMicroUsd: 0, costSettled: false };
    const estimate = rentMicroUsd(row.hourlyMicroUsd, Date.now() - row.createdAt.getTime());
    // Billing runs every few minutes; a record that is already there may still grow, so it never lowers the estimate here.
    const billed = await compute.billed(ids[0]!, row.createdAt, step.signal).catch(() => null);
    return { costMicroUsd: Math.max(estimate, billed ?? 0), costSettled: false };
  };

  return async (input: TearDownPodInput): Promise<TornDown> => {
    const step = currentStep();
    const rows = await repositories.pods.openPodsOfAttempt(input.trainingId, input.attempt);
    // First for all rows: from here on no create call may be sent for them.
    for (const row of rows) await repositories.pods.recordTerminateAsked(row.name);
    for (const { name } of rows) {
      // Read again: a create call that was under way may have stored its pod meanwhile.
      const row = await repositories.pods.findPod(name);
      if (!row || row.terminatedAt) continue;
      const ids = await idsOf(row, input, step);
      for (const id of ids) await end(id, step);
      const note = ids.length === 0 ? 'never created' : 'teardown';
      await repositories.pods.recordTerminated({ name, note, ...(await costOf(row, ids, step)) });
    }
    return { costMicroUsd: await repositories.pods.ledgerCost(input.trainingId, input.attempt) };
  };
}
