/** What the sweeper asks the records: whose a pod is, and which trainings have nobody who works for them. */
import type { Database } from '../client.ts';
import { POD_FIELDS, toPodRow } from './pod-row.ts';
import type { PodRow } from './pod-row.ts';

export interface OwnedPod extends PodRow {
  readonly trainingId: string;
  readonly workflowId: string;
  readonly attempt: number;
  /** When a later pod of the same training was reserved; null when this is the latest. */
  readonly supersededAt: Date | null;
}

/** What the ledger says about a pod name: whose pod it is, and whether it is that training's latest. */
export async function findOwner(database: Database, name: string): Promise<OwnedPod | null> {
  const row = await database.pod.findUnique({
    where: { name },
    select: {
      ...POD_FIELDS,
      requestedAt: true,
      attempt: { select: { number: true, loraModel: { select: { id: true, workflowId: true } } } },
    },
  });
  if (!row) return null;
  const { attempt, requestedAt, ...fields } = row;
  const training = { loraModelId: attempt.loraModel.id };
  const later = await database.pod.findFirst({
    where: {
      OR: [
        { attempt: { ...training, number: { gt: attempt.number } } },
        { attempt: { ...training, number: attempt.number }, requestedAt: { gt: requestedAt } },
      ],
    },
    orderBy: { requestedAt: 'asc' },
    select: { requestedAt: true },
  });
  return {
    ...toPodRow(fields),
    trainingId: attempt.loraModel.id,
    workflowId: attempt.loraModel.workflowId,
    attempt: attempt.number,
    supersededAt: later?.requestedAt ?? null,
  };
}

/** Pods that are alive according to the ledger and were requested before `before`. */
export async function openPods(
  database: Database,
  before: Date,
): Promise<{ readonly name: string; readonly externalId: string | null }[]> {
  return await database.pod.findMany({
    where: { terminatedAt: null, requestedAt: { lt: before } },
    select: { name: true, externalId: true },
    orderBy: { requestedAt: 'asc' },
    take: 1_000,
  });
}

/**
 * Trainings that should be running and of which nothing was heard since `quietSince`, with their workflows; a page
 * after `afterId`.
 */
export async function findQuiet(
  database: Database,
  {
    quietSince,
    afterId,
    limit,
  }: { readonly quietSince: Date; readonly afterId: string | null; readonly limit: number },
): Promise<{ id: string; workflowId: string }[]> {
  return await database.loraModel.findMany({
    where: { status: 'training', updatedAt: { lt: quietSince }, ...(afterId !== null && { id: { gt: afterId } }) },
    select: { id: true, workflowId: true },
    orderBy: { id: 'asc' },
    take: limit,
  });
}

/**
 * Trainings that wait for a workflow since before `olderThan`: the process that accepted them died before it could
 * start one.
 */
export async function findUnstarted(database: Database, olderThan: Date) {
  const rows = await database.loraModel.findMany({
    where: { status: 'pending', createdAt: { lt: olderThan } },
    include: { dataset: { select: { _count: { select: { items: true } } } } },
    orderBy: { createdAt: 'asc' },
    take: 100,
  });
  return rows.map(({ id, userId, characterId, name, baseModel, triggerWord, datasetId, dataset, progressTotal }) => ({
    id,
    userId,
    characterId,
    name,
    baseModel,
    triggerWord,
    datasetId,
    photoCount: dataset._count.items,
    steps: progressTotal,
  }));
}
