/** Reading trainings of one user. */
import type { TrainingStatus } from '../../core/status.ts';
import { findTraining, listTrainings } from '../../prisma/repositories/training-requests.ts';
import type { TrainingRow } from '../../prisma/repositories/training-requests.ts';
import type { ApiDeps } from '../deps.ts';
import { notFound } from '../errors.ts';
import type { TrainingView } from '../schemas/trainings.ts';
import { trainingView } from './view.ts';

interface ListQuery {
  readonly status?: TrainingStatus;
  readonly characterId?: string;
  readonly cursor?: string;
  readonly limit?: number;
}

/** The row of a training; throws ApiError 404 when it is not this user's. */
export async function requireTraining(deps: ApiDeps, userId: string, trainingId: string): Promise<TrainingRow> {
  const training = await findTraining(deps.database, userId, trainingId);
  if (training === null) throw notFound('training');
  return training;
}

export async function getTraining(deps: ApiDeps, userId: string, trainingId: string): Promise<TrainingView> {
  return trainingView(await requireTraining(deps, userId, trainingId), deps.settings);
}

/** One page, newest first. */
export async function pageOfTrainings(
  deps: ApiDeps,
  userId: string,
  { status, characterId, cursor, limit = 20 }: ListQuery,
): Promise<{ trainings: TrainingView[]; nextCursor: string | null }> {
  const rows = await listTrainings(deps.database, { userId, status, characterId, before: cursor, limit: limit + 1 });
  const page = rows.slice(0, limit);
  return {
    trainings: page.map((row) => trainingView(row, deps.settings)),
    nextCursor: rows.length > limit ? (page.at(-1)?.id ?? null) : null,
  };
}
