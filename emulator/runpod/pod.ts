import type { BilledSpan } from '../core/book.ts';
import type { Fault } from '../core/faults.ts';
import type { Cloud } from './catalog.ts';

export type PodStatus = 'PROVISIONING' | 'STARTING' | 'RUNNING' | 'EXITED' | 'ERROR' | 'TERMINATED';

export interface PodSpec {
  name: string;
  image: string;
  args: string;
  disk: number;
  ports: string[];
  env: Record<string, string>;
  registry: string | null;
  mounts: Record<string, unknown>;
  gpuId: string;
  gpuCount: number;
  cloud: Cloud;
  dataCenterId: string | null;
  cudaVersion: string;
  vcpuCount: number;
  memoryGb: number;
  entrypoint?: string[];
  cmd?: string[];
}

/** What runs in a pod's container: the emulated AI Toolkit. */
export interface Container {
  /** Kills everything inside; the disk is removed by the caller. */
  kill(): Promise<void>;
  describe(): object;
  trainingsStarted(): number;
}

export interface LogLine {
  tsMs: number;
  source: 'container' | 'system';
  line: string;
}

export interface Pod {
  id: string;
  spec: PodSpec;
  status: PodStatus;
  usdPerHour: number;
  locked: boolean;
  createdAtMs: number;
  startedAtMs: number | null;
  /** The ports are known before the app answers: RUNNING does not mean ready. */
  hasPorts: boolean;
  container: Container | null;
  trainingsBefore: number;
  deletedAtMs: number | null;
  endedBy: string | null;
  /** Still answers through the proxy although the pod has ended. */
  ghost: { container: Container; untilMs: number } | null;
  /** Still shown in lists until then, although deleted. */
  listedUntilMs: number;
  publicPort: number;
  spans: BilledSpan[];
  logs: LogLine[];
  /** What is to go wrong with this pod. */
  fates: Fault[];
  life: AbortController;
}

// Container disk: 0.10 USD per GB and month while running (runpod/docs@a900806e pods/pricing.mdx).
const DISK_USD_PER_GB_HOUR = 0.1 / 730;

export function isAlive(pod: Pod): boolean {
  return pod.deletedAtMs === null;
}

export function openSpan(pod: Pod, nowMs: number): void {
  pod.spans.push({
    fromMs: nowMs,
    toMs: null,
    gpuUsdPerHour: pod.usdPerHour,
    diskUsdPerHour: pod.spec.disk * DISK_USD_PER_GB_HOUR,
  });
}

export function closeSpan(pod: Pod, nowMs: number): void {
  for (const span of pod.spans) span.toMs ??= nowMs;
}

/** The cost up to a moment, in exact fractions of a dollar. */
export function billed(pod: Pod, untilMs: number): { ms: number; gpuUsd: number; diskUsd: number } {
  let ms = 0;
  let gpuUsd = 0;
  let diskUsd = 0;
  for (const span of pod.spans) {
    const spanMs = Math.max(0, Math.min(span.toMs ?? untilMs, untilMs) - span.fromMs);
    ms += spanMs;
    gpuUsd += (spanMs / 3_600_000) * span.gpuUsdPerHour;
    diskUsd += (spanMs / 3_600_000) * span.diskUsdPerHour;
  }
  return { ms, gpuUsd, diskUsd };
}

/** Whole micro-dollars, rounded up (assumed: RunPod does not say how it rounds). */
export function microUsd(usd: number): number {
  return Math.ceil(usd * 1_000_000);
}

const actions: Record<PodStatus, string[]> = {
  PROVISIONING: ['stop', 'terminate'],
  STARTING: ['stop', 'terminate'],
  RUNNING: ['stop', 'restart', 'terminate'],
  EXITED: ['start', 'terminate'],
  ERROR: ['start', 'terminate'],
  TERMINATED: [],
};

export function allowedActions(pod: Pod): string[] {
  return actions[pod.status];
}

/** The Pod object of GET, list and create (schema Pod, runpod/docs@a900806e, 2026-08-18). */
export function renderPod(pod: Pod, nowMs: number): object {
  const { spec } = pod;
  const isPaid = pod.status !== 'EXITED' && pod.status !== 'TERMINATED';
  return {
    id: pod.id,
    name: spec.name,
    status: pod.status,
    actions: allowedActions(pod),
    image: spec.image,
    args: spec.args,
    disk: spec.disk,
    ports: spec.ports,
    env: spec.env,
    registry: spec.registry,
    mounts: spec.mounts,
    gpu: { id: spec.gpuId, count: spec.gpuCount, vcpuCount: spec.vcpuCount, memory: spec.memoryGb },
    cloud: spec.cloud,
    dataCenterId: spec.dataCenterId,
    cudaVersion: spec.cudaVersion,
    ssh: { proxy: null, direct: null },
    template: null,
    cost: isPaid ? pod.usdPerHour : 0,
    locked: pod.locked,
    globalNetworking: { enabled: false },
    runtime: renderRuntime(pod, nowMs),
    createdAt: new Date(pod.createdAtMs).toISOString(),
    startedAt: pod.startedAtMs === null ? null : new Date(pod.startedAtMs).toISOString(),
  };
}

// The http entry carries an internal 100.65 address, the tcp entry the public one (live, peers, 2026-08 to 2026-10).
function renderRuntime(pod: Pod, nowMs: number): object | null {
  if (pod.status !== 'RUNNING' || !pod.hasPorts || pod.startedAtMs === null) return null;
  const ports = pod.spec.ports.map((port) => {
    const [number, type] = port.split('/');
    return type === 'http'
      ? { private: Number(number), public: 60_000 + (pod.publicPort % 1000), type: 'http', ip: '100.65.18.7' }
      : { private: Number(number), public: pod.publicPort, type: 'tcp', ip: '195.26.233.3' };
  });
  const isBusy = pod.container !== null;
  return {
    uptime: Math.max(0, Math.floor((nowMs - pod.startedAtMs) / 1000)),
    gpus: Array.from({ length: pod.spec.gpuCount }, () => ({ util: isBusy ? 97 : 0, memoryUtil: isBusy ? 81 : 0 })),
    cpu: { util: isBusy ? 12 : 1 },
    memory: { util: isBusy ? 34 : 2 },
    ports,
  };
}
