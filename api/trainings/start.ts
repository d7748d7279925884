/** Starting a training: exactly one per Idempotency-Key, never lost between the database and Temporal. */
import type { Destination } from '../../core/destination.ts';
import { publishRefusal } from '../../core/publish-policy.ts';
import type { PublishPolicy } from '../../core/publish-policy.ts';
import { resolveRecipe } from '../../core/recipe.ts';
import type { TrainingRow } from '../../prisma/repositories/trainings.ts';
import { trainingWorkflowId } from '../../workflows/contract.ts';
import type { ApiDeps } from '../deps.ts';
import { ApiError, invalid, notFound } from '../errors.ts';
import { jsonHash, uuidV7 } from '../ids.ts';
import { quoteToKeep } from '../money/quote.ts';
import { tooDear } from '../money/refusal.ts';
import type { CheckedTraining, PhotoChoice } from './draft.ts';
import { launchTraining } from './launch.ts';
import { requireTraining } from './read.ts';
import type { OwnTraining } from './view.ts';

interface StartRequest {
  readonly userId: string;
  readonly idempotencyKey: string | undefined;
  /** What makes two requests identical: route and body. */
  readonly fingerprint: unknown;
  /** Checks the request and fetches what it needs; not called when the key was seen before. */
  readonly prepare: () => Promise<CheckedTraining> | CheckedTraining;
}

export interface StartedTraining {
  readonly status: 'started' | 'replayed';
  readonly training: OwnTraining;
}

/**
 * Stores and starts a training. Throws ApiError: 422 VALIDATION, 404 for a dataset that is not the caller's, 402
 * LIMIT_EXCEEDED or BUDGET_EXCEEDED, 409 IDEMPOTENCY_CONFLICT or CHARACTER_BUSY, 503 when it was stored but could not
 * be handed to Temporal.
 */
export async function startTraining(deps: ApiDeps, start: StartRequest): Promise<StartedTraining> {
  const { userId, idempotencyKey: key } = start;
  const idempotency = key === undefined ? null : { key, requestHash: jsonHash(start.fingerprint) };
  const replay = idempotency === null ? null : await replayed(deps, userId, idempotency, start);
  if (replay !== null) return replay;

  const { request, photos, maxCostMicroUsd, intervals } = await start.prepare();
  refuseDestinations(request.destinations, deps.settings.publishing, userId);
  const id = uuidV7(deps.clock());
  const totalSteps = resolveRecipe(request.baseModel, request.triggerWord, request.recipe).steps;
  const made = await deps.repositories.trainings.createTraining({
    id,
    userId,
    workflowId: trainingWorkflowId(id),
    request,
    photos,
    totalSteps,
    money: {
      namedCeilingMicroUsd: maxCostMicroUsd,
      quote: await quoteToKeep(deps, request, await photoCountOf(deps, photos)),
      limits: deps.settings.limits,
    },
    idempotency,
  });
  switch (made.status) {
    case 'created': {
      const { training, photoCount } = made;
      await launchOrMark(deps, { training, photoCount, intervals });
      return { status: 'started', training: { ...training, publications: [] } };
    }
    case 'unknown_images':
      throw invalid(made.imageIds.map((imageId) => `imageIds: ${imageId} is not one of your photos`));
    case 'unknown_dataset':
      throw notFound('dataset');
    case 'character_busy':
      throw characterBusy();
    case 'over_limit':
    case 'too_low':
    case 'no_price':
      throw tooDear(made);
    case 'key_taken': {
      const winner = idempotency === null ? null : await replayed(deps, userId, idempotency, start);
      if (winner === null)
        throw new ApiError(409, 'IDEMPOTENCY_CONFLICT', 'Another request with this Idempotency-Key is in progress.');
      return winner;
    }
  }
}

/** Throws ApiError 422 for places that this user may not publish to. */
function refuseDestinations(destinations: readonly Destination[], policy: PublishPolicy, userId: string): void {
  const faults = destinations.flatMap((destination, index) => {
    const refusal = publishRefusal(policy, userId, destination);
    return refusal === null ? [] : [`destinations[${index}]: ${refusal}`];
  });
  if (faults.length > 0) throw invalid(faults);
}

/**
 * The training that an earlier request with this key made, started if that request could not; null when the key is new.
 */
async function replayed(
  deps: ApiDeps,
  userId: string,
  { key, requestHash }: { key: string; requestHash: string },
  start: StartRequest,
): Promise<StartedTraining | null> {
  const first = await deps.repositories.trainings.findIdempotencyKey(userId, key);
  if (first === null) return null;
  if (first.requestHash !== requestHash) {
    throw new ApiError(409, 'IDEMPOTENCY_CONFLICT', 'This Idempotency-Key was already used for a different request.');
  }
  const training = await requireTraining(deps, userId, first.trainingId);
  const neverStarted = training.status === 'failed' && training.reason === 'NOT_STARTED';
  if (neverStarted) return { status: 'started', training: await startAgain(deps, training, start) };
  // Accepted but not started: the first request may have died before that, and a second start is harmless.
  if (training.status === 'pending' && training.phase === 'queued')
    await launchTraining(deps, await launchOf(deps, training, start));
  return { status: 'replayed', training };
}

async function startAgain(deps: ApiDeps, training: OwnTraining, start: StartRequest): Promise<OwnTraining> {
  const reopened = await deps.repositories.trainings.reopenNotStarted(training.id);
  if (reopened.status === 'character_busy') throw characterBusy();
  await launchOrMark(deps, await launchOf(deps, training, start));
  return await requireTraining(deps, training.userId, training.id);
}

async function launchOf(deps: ApiDeps, training: TrainingRow, { fingerprint }: StartRequest) {
  const { body } = fingerprint as { body?: { intervals?: CheckedTraining['intervals'] } };
  const intervals = deps.settings.allowTestIntervals === true ? body?.intervals : undefined;
  return { training, photoCount: await deps.repositories.datasets.countPhotos(training.datasetId), intervals };
}

/** Starts the workflow; a training that cannot be started says so in its row, and the same key can start it later. */
async function launchOrMark(deps: ApiDeps, launch: Parameters<typeof launchTraining>[1]): Promise<void> {
  try {
    await launchTraining(deps, launch);
  } catch (error) {
    const message = 'Temporal could not be reached. Send the request again with the same Idempotency-Key.';
    await deps.repositories.trainings.markNotStarted(launch.training.id, message);
    throw new ApiError(503, 'NOT_STARTED', message, { details: [`training ${launch.training.id}`], cause: error });
  }
}

async function photoCountOf({ repositories }: ApiDeps, photos: PhotoChoice): Promise<number> {
  return 'datasetId' in photos ? await repositories.datasets.countPhotos(photos.datasetId) : photos.imageIds.length;
}

function characterBusy(): ApiError {
  return new ApiError(409, 'CHARACTER_BUSY', 'This character has another active training.');
}
