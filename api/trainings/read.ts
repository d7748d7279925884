/** Reading trainings of one user. */
import type { TrainingStatus } from '../../core/status.ts';
import type { ApiDeps } from '../deps.ts';
import { notFound } from '../errors.ts';
import type { TrainingView } from '../schemas/trainings.ts';
import { trainingView } from './view.ts';
import type { OwnTraining } from './view.ts';

interface ListQuery {
  readonly status?: TrainingStatus;
  readonly characterId?: string;
  readonly cursor?: string;
  readonly limit?: number;
}

/** Throws ApiError 404 when it is not this user's. */
export async function requireTraining(deps: ApiDeps, userId: string, trainingId: string): Promise<OwnTraining> {
  const { trainings, publications } = deps.repositories;
  const training = await trainings.findTraining(trainingId);
  if (training?.userId !== userId) throw notFound('training');
  return { ...training, publications: await publications.publicationsOf([trainingId]) };
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
  const { trainings, publications } = deps.repositories;
  const rows = await trainings.listTrainings({ userId, status, characterId, before: cursor, limit: limit + 1 });
  const page = rows.slice(0, limit);
  const published = await publications.publicationsOf(page.map(({ id }) => id));
  const ofTraining = (id: string) => published.filter(({ loraModelId }) => loraModelId === id);
  return {
    trainings: page.map((row) => trainingView({ ...row, publications: ofTraining(row.id) }, deps.settings)),
    nextCursor: rows.length > limit ? (page.at(-1)?.id ?? null) : null,
  };
}
