import { canRent } from '../core/budget.ts';
import type { BudgetMargins } from '../core/budget.ts';
import { TemperaError } from '../core/failure.ts';
import { createWindowMs } from '../core/interval.ts';
import { storageHourlyMicroUsd } from '../core/money.ts';
import { rankOffers } from '../core/offer.ts';
import { limitSentence } from '../core/spend-limit.ts';
import type { Offer } from '../core/offer.ts';
import type { RecipeOverrides } from '../core/recipe.ts';
import type { Pod } from '../providers/compute/compute.ts';
import type { PodRow } from '../prisma/repositories/pod-row.ts';
import { isGated, loadTraining } from './begin-training.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { discardPod } from './discard-pod.ts';
import { redact } from './failures.ts';
import { enterPhase } from './fence.ts';
import { pullOrder } from './pull-order.ts';
import { resetError } from './run-fence.ts';
import { currentStep, keepAlive } from './step.ts';
import { reportWaiting } from './waiting.ts';
import type { Step } from './step.ts';

export interface ProvisionPodInput {
  readonly trainingId: string;
  readonly attempt: number;
  /** Counts the pods of this attempt, from 1. */
  readonly pod: number;
  readonly podName: string;
  readonly avoidDataCenters: readonly string[];
  /** Of the attempt; absent in runs that started before pods could fetch saves by themselves. */
  readonly overrides?: RecipeOverrides;
  /** More memory than the last GPU had, after OUT_OF_MEMORY. GB. */
  readonly minVramGb?: number;
  readonly createTimeoutMs: number;
  readonly reconcileIntervalMs: number;
  /**
   * Since when we have been waiting for capacity, and when the next check is due; absent when this check is the last.
   * Epoch milliseconds.
   */
  readonly capacity?: { readonly sinceMs: number; readonly nextLookInMs: number };
  /** What is left below the training's ceiling, and the time reserved for its end. Absent without a ceiling. */
  readonly budget?: { readonly leftMicroUsd: number } & BudgetMargins;
}

export interface ProvisionedPod {
  readonly podId: string;
  readonly gpu: string | null;
  readonly vramGb: number | null;
  readonly dataCenter: string | null;
  readonly hourlyMicroUsd: number;
  /** Epoch milliseconds. */
  readonly createdAtMs: number;
}

export type ProvisionResult =
  | ({ readonly status: 'provisioned' } & ProvisionedPod)
  /** Every offer was refused or already taken. Nothing was rented. */
  | { readonly status: 'no_capacity'; readonly message: string }
  /** What is left below the ceiling does not pay for any of the offers. Nothing was rented. */
  | { readonly status: 'too_dear' };

/**
 * After a create call of unclear outcome: checks of the vendor's list before the step fails retryably with the same
 * name.
 */
const RECONCILE_LOOKS = 5;

/**
 * Adopts or creates exactly one pod of this name. The ledger's row is committed before the vendor is asked; a create
 * call is sent only by the holder of the claim on it, and never again while an earlier one may still create a pod.
 * Throws AUTH, BALANCE, GATED_MODEL, LIMIT_EXCEEDED (permanent), PROVIDER_UNAVAILABLE, RATE_LIMITED (retry with the
 * same name).
 */
export function provisionPod(deps: ActivityDependencies) {
  const { compute, repositories, trainer, secrets } = deps;

  const keep = async ({ trainingId, podName: name }: ProvisionPodInput, pod: Pod): Promise<ProvisionResult> => {
    await repositories.trainings.recordGpu(trainingId, pod.gpu);
    await repositories.pods.recordCreated({
      name,
      externalId: pod.id,
      gpu: pod.gpu,
      cloud: pod.cloud,
      dataCenter: pod.dataCenter,
      hourlyMicroUsd: pod.hourlyMicroUsd,
      createdAt: pod.createdAt,
    });
    const known = (await compute.catalog()).find((entry) => entry.gpu === pod.gpu);
    return {
      status: 'provisioned',
      podId: pod.id,
      gpu: pod.gpu,
      vramGb: known?.vramGb ?? null,
      dataCenter: pod.dataCenter,
      hourlyMicroUsd: pod.hourlyMicroUsd,
      createdAtMs: pod.createdAt.getTime(),
    };
  };

  /**
   * The pod of this name, if the vendor lists a usable one; all others of the same name are terminated and confirmed
   * gone.
   */
  const adopt = async (
    input: ProvisionPodInput,
    cap: number | undefined,
    step: Step,
  ): Promise<ProvisionResult | null> => {
    const listed = await keepAlive(step, compute.list({ maxAgeMs: 0 }, step.signal));
    const mine = listed
      .filter((pod) => pod.name === input.podName)
      .toSorted((a, b) => a.createdAt.getTime() - b.createdAt.getTime());
    const first = mine.find((pod) => pod.state === 'starting' || pod.state === 'running');
    for (const other of mine.filter((pod) => pod !== first))
      await discardPod(deps, other, 'provisioning: another pod of its name', step);
    return first ? await keepAffordable(input, first, cap, step) : null;
  };

  /**
   * Keeps a pod unless it bills more than the cap; then it is terminated, and the name is free again only once it is
   * gone.
   */
  const keepAffordable = async (input: ProvisionPodInput, pod: Pod, cap: number | undefined, step: Step) => {
    if (cap === undefined || pod.gpuHourlyMicroUsd <= cap) return await keep(input, pod);
    await discardPod(deps, pod, 'provisioning: it costs more than the cap', step);
    await repositories.pods.releaseCreate(input.podName);
    return null;
  };

  return async (input: ProvisionPodInput): Promise<ProvisionResult> => {
    const result = await provision(input);
    if (result.status === 'no_capacity' && input.capacity) {
      const { sinceMs, nextLookInMs } = input.capacity;
      const nextTryAt = new Date(Date.now() + nextLookInMs);
      await reportWaiting(deps, input.trainingId, { reason: result.message, since: new Date(sinceMs), nextTryAt });
    }
    return result;
  };

  async function provision(input: ProvisionPodInput): Promise<ProvisionResult> {
    const step = currentStep();
    const { podName: name, createTimeoutMs } = input;
    const training = await loadTraining(deps, input.trainingId);
    const { baseModel, compute: wishes } = training.request;
    await enterPhase(deps, {
      trainingId: training.id,
      phase: 'provisioning',
      attempt: input.attempt,
      nth: input.pod,
    });
    const row = await repositories.pods.reservePod({ trainingId: training.id, attempt: input.attempt, name });
    // Only a run that was reset to an earlier moment, or a step that was cut off, asks for a pod that has been ended.
    if (row.terminatedAt) throw resetError(training.id);
    if (isRented(row)) return resumed(row);
    const money = await repositories.money.ensureReserved(training.id, deps.limits);
    if (money.status === 'over_limit')
      throw new TemperaError('LIMIT_EXCEEDED', `Nothing may be rented: ${money.figures.map(limitSentence).join('; ')}`);
    if (isGated(baseModel) && !trainer.hasHubToken) {
      throw new TemperaError('GATED_MODEL', `The base model ${baseModel} is gated and HF_TOKEN is not set`);
    }

    const cap = wishes.maxHourlyMicroUsd;
    const found = await adopt(input, cap, step);
    if (found) return found;

    const catalog = await keepAlive(step, compute.catalog(step.signal));
    const query = { ...wishes, baseModel, avoidDataCenters: input.avoidDataCenters };
    const larger = rankOffers(catalog, { ...query, minVramGb: input.minVramGb });
    // There may be nothing larger at all: the recipe's low-memory mode must then suffice.
    const ranked = larger.length > 0 ? larger : rankOffers(catalog, query);
    const { budget } = input;
    const storage = storageHourlyMicroUsd(deps.pod.diskGb);
    const offers = ranked.filter(
      ({ hourlyMicroUsd }) => !budget || canRent(budget.leftMicroUsd, hourlyMicroUsd + storage, budget),
    );
    if (ranked.length > 0 && offers.length === 0) return { status: 'too_dear' };
    if (offers.length === 0) return { status: 'no_capacity', message: noOfferText(catalog.length, cap) };

    const spec = {
      name,
      image: deps.pod.image,
      diskGb: deps.pod.diskGb,
      httpPorts: [trainer.port],
      env: trainer.environment({ password: secrets.password(name), gatedModel: isGated(baseModel) }),
      minCudaVersion: trainer.minCudaVersion,
      ...(await pullOrder(deps, input)),
    };
    let refusal = '';
    for (const offer of offers) {
      step.signal.throwIfAborted();
      step.heartbeat();
      const windowMs = createWindowMs(createTimeoutMs);
      if (!(await repositories.pods.claimCreate(name, new Date(Date.now() - windowMs)))) {
        // An earlier create call may still create a pod. Its window is short; this step is retried until it has passed.
        throw new TemperaError('PROVIDER_UNAVAILABLE', `A create call for ${name} may still be in flight`, {
          retryAfterMs: input.reconcileIntervalMs,
        });
      }
      const outcome = await create(offer);
      switch (outcome.status) {
        case 'created': {
          const kept = await keepAffordable(input, outcome.pod, cap, step);
          if (kept) return kept;
          refusal = `${offer.gpu} turned out to cost more than the cap`;
          break;
        }
        case 'no_capacity':
        case 'refused':
          await repositories.pods.releaseCreate(name);
          // A vendor that echoes what it refuses must not get a signed URL into the history.
          refusal = redact(`${offer.gpu} (${offer.cloud}): ${outcome.message}`);
          break;
        case 'unclear':
          for (let look = 0; look < RECONCILE_LOOKS; look += 1) {
            const late = await adopt(input, cap, step);
            if (late) return late;
            step.heartbeat();
            await step.sleep(input.reconcileIntervalMs);
          }
          throw new TemperaError('PROVIDER_UNAVAILABLE', `${outcome.message}, and the pod ${name} is not in the list`);
      }
    }
    return { status: 'no_capacity', message: `${offers.length} offers were tried; the last answer: ${refusal}` };

    async function create(offer: Offer) {
      try {
        return await keepAlive(step, compute.create(spec, offer, createTimeoutMs));
      } catch (error) {
        // Every thrown error, unlike `unclear`, means that nothing was created.
        await repositories.pods.releaseCreate(name);
        throw error;
      }
    }
  }
}

function isRented(row: PodRow): row is PodRow & { externalId: string; createdAt: Date } {
  return row.externalId !== null && row.createdAt !== null;
}

function resumed(row: PodRow & { externalId: string; createdAt: Date }): ProvisionResult {
  return {
    status: 'provisioned',
    podId: row.externalId,
    gpu: row.gpu,
    vramGb: null,
    dataCenter: row.dataCenter,
    hourlyMicroUsd: row.hourlyMicroUsd ?? 0,
    createdAtMs: row.createdAt.getTime(),
  };
}

function noOfferText(types: number, cap: number | undefined): string {
  const limit = cap === undefined ? '' : ` at or below ${cap / 1_000_000} USD per hour`;
  return `None of the ${types} GPU types in the catalog is suitable${limit} and in stock`;
}
