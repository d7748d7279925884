import { details, problem } from './problems.ts';
import type { World } from '../world.ts';
import type { Pod } from './pod.ts';

const bucketMs: Record<string, number> = {
  hour: 3_600_000,
  day: 86_400_000,
  week: 7 * 86_400_000,
  month: 30 * 86_400_000,
  year: 365 * 86_400_000,
};

interface Amounts {
  totalAmount: number;
  gpuAmount: number;
  cpuAmount: number;
  diskAmount: number;
}

/**
 * GET /v2/billing/pods: one record per pod and bucket; a deleted pod stays.
 * https://docs.runpod.io/api-reference-v2 (runpod/docs@a900806e, 2026-08-18)
 */
export function podBilling(world: World, query: URLSearchParams, lagMs: number): object {
  const size = query.get('bucketSize') ?? 'day';
  const width = bucketMs[size];
  const lastN = query.get('lastN');
  if (width === undefined || (lastN !== null && (query.has('startTime') || query.has('endTime'))))
    throw problem(400, details.badRequest);
  const nowMs = world.clock.now() - lagMs;
  const endAsked = query.get('endTime') === null ? world.clock.now() : Date.parse(query.get('endTime') ?? '');
  const startAsked = startTime(query, lastN, width, endAsked);
  if (Number.isNaN(endAsked) || Number.isNaN(startAsked)) throw problem(400, details.badRequest);
  const startMs = Math.floor(startAsked / width) * width;
  const endMs = Math.ceil(endAsked / width) * width;

  const podId = query.get('podId');
  const records = [...world.pods.values()]
    .filter((pod) => podId === null || pod.id === podId)
    .flatMap((pod) => podRecords(pod, { startMs, endMs, width, nowMs }));
  const totals = records.reduce<Amounts>((sum, record) => add(sum, record), {
    totalAmount: 0,
    gpuAmount: 0,
    cpuAmount: 0,
    diskAmount: 0,
  });
  return {
    records,
    metadata: {
      query: { startTime: iso(startMs), endTime: iso(endMs), bucketSize: size, ...(podId !== null && { podId }) },
      recordCount: records.length,
      uniquePodCount: new Set(records.map((record) => record.podId)).size,
      totals,
    },
  };
}

function startTime(query: URLSearchParams, lastN: string | null, width: number, endMs: number): number {
  if (lastN !== null) return endMs - (Number(lastN) - 1) * width;
  const asked = query.get('startTime');
  return asked === null ? endMs - 30 * 86_400_000 : Date.parse(asked);
}

function podRecords(
  pod: Pod,
  range: { startMs: number; endMs: number; width: number; nowMs: number },
): (Amounts & { startTime: string; endTime: string; podId: string })[] {
  const buckets = new Map<number, Amounts>();
  for (const span of pod.spans) {
    const to = Math.min(span.toMs ?? range.nowMs, range.nowMs, range.endMs);
    for (let from = Math.max(span.fromMs, range.startMs); from < to;) {
      const bucket = Math.floor(from / range.width) * range.width;
      const until = Math.min(to, bucket + range.width);
      const hours = (until - from) / 3_600_000;
      const gpuAmount = hours * span.gpuUsdPerHour;
      const diskAmount = hours * span.diskUsdPerHour;
      const old = buckets.get(bucket) ?? { totalAmount: 0, gpuAmount: 0, cpuAmount: 0, diskAmount: 0 };
      buckets.set(bucket, add(old, { totalAmount: gpuAmount + diskAmount, gpuAmount, cpuAmount: 0, diskAmount }));
      from = until;
    }
  }
  return [...buckets].map(([bucket, amounts]) => ({
    startTime: iso(bucket),
    endTime: iso(bucket + range.width),
    podId: pod.id,
    ...amounts,
  }));
}

function add(a: Amounts, b: Amounts): Amounts {
  return {
    totalAmount: a.totalAmount + b.totalAmount,
    gpuAmount: a.gpuAmount + b.gpuAmount,
    cpuAmount: a.cpuAmount + b.cpuAmount,
    diskAmount: a.diskAmount + b.diskAmount,
  };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
