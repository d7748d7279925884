/** Pods that are alive according to the ledger, and whom they work for; for operators. */
import type { Database } from '../client.ts';
import type { PodState } from '../generated/client.ts';

export interface AlivePod {
  readonly name: string;
  readonly state: PodState;
  readonly trainingId: string;
  readonly userId: string;
  readonly attempt: number;
  readonly gpu: string | null;
  readonly cloud: string | null;
  readonly dataCenter: string | null;
  readonly hourlyMicroUsd: number | null;
  readonly requestedAt: Date;
  readonly createdAt: Date | null;
  readonly readyAt: Date | null;
  readonly terminateAskedAt: Date | null;
}

/** The oldest pods that were requested and are not confirmed gone, and their total number. */
export async function findAlivePods(
  database: Database,
  limit: number,
): Promise<{ readonly count: number; readonly pods: readonly AlivePod[] }> {
  const where = { terminatedAt: null };
  const rows = await database.pod.findMany({
    where,
    orderBy: { requestedAt: 'asc' },
    take: limit,
    select: {
      name: true,
      state: true,
      gpu: true,
      cloud: true,
      dataCenter: true,
      hourlyMicroUsd: true,
      requestedAt: true,
      createdAt: true,
      readyAt: true,
      terminateAskedAt: true,
      attempt: { select: { number: true, loraModel: { select: { id: true, userId: true } } } },
    },
  });
  const pods = rows.map(({ attempt: { number, loraModel }, ...pod }) => ({
    ...pod,
    trainingId: loraModel.id,
    userId: loraModel.userId,
    attempt: number,
  }));
  return { count: await database.pod.count({ where }), pods };
}
