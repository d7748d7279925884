import { createWindowMs } from '../core/interval.ts';
import { TemperaError } from '../core/failure.ts';
import { rentMicroUsd } from '../core/money.ts';
import type { Pod } from '../providers/compute/compute.ts';
import type { PodRow } from '../prisma/repositories/pod-row.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { discardPod, endPod } from './discard-pod.ts';
import { currentStep, keepAlive } from './step.ts';
import type { Step } from './step.ts';

export interface TearDownPodInput {
  readonly trainingId: string;
  readonly attempt: number;
  /**
   * The only pod to terminate, when the attempt goes on with another one: a step that comes back late must not terminate
   * that one too. Absent: every pod that the attempt may have.
   */
  readonly podName?: string;
  readonly createTimeoutMs: number;
  readonly reconcileIntervalMs: number;
}

export interface TornDown {
  /** What the attempt's pods have cost, by the vendor's billing where there is already a record. */
  readonly costMicroUsd: number;
}

/**
 * Terminates a pod, or every pod that an attempt may have, and returns only once the vendor has confirmed that they are gone.
 * Safe to repeat, safe before anything was rented, and safe while it is unknown whether a create call created a pod.
 */
export function tearDownPod(deps: ActivityDependencies) {
  const { compute, repositories } = deps;

  /**
   * Pods behind a ledger row that knows of none. While its create call may still create one, we keep watching the list.
   */
  const findUnknown = async (row: PodRow, input: TearDownPodInput, step: Step): Promise<Pod[]> => {
    if (row.createSentAt === null) return [];
    const settledAt = row.createSentAt.getTime() + createWindowMs(input.createTimeoutMs);
    for (;;) {
      step.heartbeat();
      // Once the window has passed, the list is read one last time: nothing can appear later.
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
    // Billing runs every few minutes; an existing record may still grow, so it never lowers the estimate here.
    const billed = await keepAlive(step, compute.billed(row.externalId, row.createdAt, step.signal)).catch(() => null);
    return { costMicroUsd: Math.max(estimate, billed ?? 0), costSettled: false };
  };

  return async (input: TearDownPodInput): Promise<TornDown> => {
    try {
      return await tearDown(input);
    } catch (error) {
      // Even a refused key or a strange answer is retried, for ever: a pod that is not confirmed gone bills until
      // somebody acts.
      if (!(error instanceof TemperaError) || error.retryable) throw error;
      throw new TemperaError(error.code, error.message, { cause: error, ids: error.ids, retryable: true });
    }
  };

  async function tearDown(input: TearDownPodInput): Promise<TornDown> {
    const step = currentStep();
    const { podName } = input;
    const open = await repositories.pods.openPodsOfAttempt(input.trainingId, input.attempt);
    const rows = podName === undefined ? open : open.filter(({ name }) => name === podName);
    // All rows first: from here on no create call may be sent for them.
    for (const row of rows) await repositories.pods.recordTerminateAsked(row.name);
    for (const { name } of rows) {
      // Read again: a create call in flight may have stored its pod in the meantime.
      const known = await repositories.pods.findPod(name);
      if (!known || known.terminatedAt) continue;
      const unknown = known.externalId === null ? await findUnknown(known, input, step) : [];
      // Entered in the ledger before it is terminated, or its cost would be lost.
      if (unknown[0]) await repositories.pods.recordCreated({ ...unknown[0], name, externalId: unknown[0].id });
      const row = unknown[0] ? ((await repositories.pods.findPod(name)) ?? known) : known;
      for (const pod of unknown.slice(1)) await discardPod(deps, pod, 'teardown: a further pod of its name', step);
      if (row.externalId !== null) await endPod(deps, row.externalId, step);
      const note = row.externalId === null ? 'never created' : 'teardown';
      await repositories.pods.recordTerminated({ name, note, ...(await costOf(row, step)) });
    }
    return { costMicroUsd: await repositories.bills.ledgerCost(input.trainingId, input.attempt) };
  }
}
