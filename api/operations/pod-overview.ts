/** All pods at a glance. Ids are left out: anyone who knows a pod's id can reach its trainer. */
import { rentMicroUsd } from '../../core/money.ts';
import type { AlivePod } from '../../prisma/repositories/alive-pods.ts';
import type { SweepRow, SweptPod } from '../../prisma/repositories/sweeps.ts';
import type { ApiDeps } from '../deps.ts';
import type { PodOverview } from '../schemas/operations.ts';

const MOST_PODS = 1_000;
const MOST_SWEEPS = 200;
const DAY_MS = 86_400_000;

export async function podOverview({
  repositories,
  clock,
}: Pick<ApiDeps, 'repositories' | 'clock'>): Promise<PodOverview> {
  const now = clock();
  const since = (days: number) => new Date(now.getTime() - days * DAY_MS);
  const [{ count, pods }, last, ended, day, month] = await Promise.all([
    repositories.pods.findAlivePods(MOST_PODS),
    repositories.sweeps.lastSweep(),
    repositories.sweeps.sweepsThatEnded(since(7), MOST_SWEEPS),
    repositories.sweeps.leakedSince(since(1)),
    repositories.sweeps.leakedSince(since(30)),
  ]);
  return {
    at: now.toISOString(),
    aliveCount: count,
    hourlyMicroUsd: pods.reduce((sum, pod) => sum + (pod.createdAt ? (pod.hourlyMicroUsd ?? 0) : 0), 0),
    alive: pods.map((pod) => alivePod(pod, now)),
    lastSweep: last && sweepView(last),
    swept: ended.flatMap(({ sweptAt, swept }) =>
      swept.map((pod) => ({ ...orphanView(pod), sweptAt: sweptAt.toISOString() })),
    ),
    leakedSeconds: { last24Hours: day / 1_000, last30Days: month / 1_000 },
  };
}

function alivePod(pod: AlivePod, now: Date): PodOverview['alive'][number] {
  const { name, trainingId, userId, attempt, gpu, cloud, dataCenter, hourlyMicroUsd, requestedAt, createdAt } = pod;
  const ageMs = now.getTime() - (createdAt ?? requestedAt).getTime();
  return {
    name,
    trainingId,
    userId,
    attempt,
    state: stateOf(pod),
    gpu,
    cloud,
    dataCenter,
    hourlyMicroUsd,
    requestedAt: requestedAt.toISOString(),
    createdAt: createdAt && createdAt.toISOString(),
    ageSeconds: ageMs / 1_000,
    costMicroUsd: createdAt && hourlyMicroUsd !== null ? rentMicroUsd(hourlyMicroUsd, ageMs) : 0,
  };
}

function stateOf({ createdAt, readyAt, terminateAskedAt }: AlivePod): PodOverview['alive'][number]['state'] {
  if (terminateAskedAt !== null) return 'ending';
  if (createdAt === null) return 'requested';
  return readyAt === null ? 'booting' : 'ready';
}

function sweepView(sweep: SweepRow): NonNullable<PodOverview['lastSweep']> {
  return {
    at: sweep.sweptAt.toISOString(),
    alive: sweep.alive,
    owned: sweep.owned,
    orphaned: sweep.orphaned.map(orphanView),
    swept: sweep.swept.length,
    leakedSeconds: sweep.leakedMs / 1_000,
  };
}

function orphanView({ name, why, createdAt, orphanedAt, leakedMs }: SweptPod) {
  return { name, why, createdAt, orphanedAt, leakedSeconds: leakedMs / 1_000 };
}
