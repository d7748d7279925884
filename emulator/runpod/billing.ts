import { billed, microUsd } from './pod.ts';
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
  const records = [...world.runpod.pods.values()]
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

/**
 * Records are differences between the amounts at the ends of their bucket, so the sum is the same whatever the buckets.
 */
function podRecords(
  pod: Pod,
  range: { startMs: number; endMs: number; width: number; nowMs: number },
): (Amounts & { startTime: string; endTime: string; podId: string })[] {
  const buckets = new Set<number>();
  for (const span of pod.spans) {
    const to = Math.min(span.toMs ?? range.nowMs, range.nowMs, range.endMs);
    for (let from = Math.max(span.fromMs, range.startMs); from < to;) {
      const bucket = Math.floor(from / range.width) * range.width;
      buckets.add(bucket);
      from = bucket + range.width;
    }
  }
  return [...buckets].map((bucket) => {
    const before = runUp(pod, Math.min(bucket, range.nowMs));
    const after = runUp(pod, Math.min(bucket + range.width, range.nowMs));
    const gpu = after.gpu - before.gpu;
    const disk = after.disk - before.disk;
    return {
      startTime: iso(bucket),
      endTime: iso(bucket + range.width),
      podId: pod.id,
      totalAmount: (gpu + disk) / 1_000_000,
      gpuAmount: gpu / 1_000_000,
      cpuAmount: 0,
      diskAmount: disk / 1_000_000,
    };
  });
}

/** Micro-dollars up to a moment. */
function runUp(pod: Pod, untilMs: number): { gpu: number; disk: number } {
  const { gpuUsd, diskUsd } = billed(pod, untilMs);
  return { gpu: microUsd(gpuUsd), disk: microUsd(diskUsd) };
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
