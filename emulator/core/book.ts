/** One POST /v2/pods, whatever became of it. */
export interface PodPost {
  atMs: number;
  name: string | null;
  gpuId: string | null;
  cloud: string | null;
  /** `created` even if the answer was spoilt; `podId` shows which. */
  result: 'created' | 'refused';
  status: number;
  podId: string | null;
}

/** A stretch of time that is paid for. */
export interface BilledSpan {
  fromMs: number;
  toMs: number | null;
  gpuUsdPerHour: number;
  diskUsdPerHour: number;
}

export interface PodEntry {
  id: string;
  name: string;
  gpuId: string;
  cloud: string;
  dataCenterId: string | null;
  usdPerHour: number;
  createdAtMs: number;
  /** When it stopped costing money for good; null = alive. */
  deletedAtMs: number | null;
  endedBy: string | null;
  billedSeconds: number;
  /** Whole milliseconds that are paid for: the sum over `spans`. */
  billedMs: number;
  /** What is paid for, and at which rates; an end of null is now. */
  spans: BilledSpan[];
  costUsd: number;
  /** The sum of the records of `GET /v2/billing/pods` once everything is billed, in whole micro-dollars. */
  costMicroUsd: number;
  trainingsStarted: number;
}

/** A file that a trainer has written, as it was on the pod's disk once it was complete. */
export interface SavedFile {
  /** Path on the pod. */
  path: string;
  step: number;
  sizeBytes: number;
  /** Hex. */
  sha256: string;
}

/** How a trainer got its optimizer state. `unreadable`: the file did not load, and the trainer continued without it. */
export type OptimizerOrigin = 'fresh' | 'restored' | 'missing' | 'mismatch' | 'unreadable';

/** One process of a trainer on a pod, from its start to its end. */
export interface TrainingEntry {
  podId: string;
  jobName: string;
  startedAtMs: number;
  /** Null while it runs. */
  endedAtMs: number | null;
  /** Step of the checkpoint that it resumed from; null = from zero. */
  resumedFromStep: number | null;
  optimizer: OptimizerOrigin;
  /** The last step that it finished, and the last one that it saved completely; 0 = none. */
  lastStep: number;
  lastSavedStep: number;
  /** Steps that this process executed. */
  stepsTrained: number;
  /** Weights, optimizers and samples in the order of their writing; empty unless the world's `bookFiles` is set. */
  files: SavedFile[];
}

export interface HubCommitEntry {
  atMs: number;
  repo: string;
  branch: string;
  oid: string;
  user: string;
  /** What the commit wrote: paths and the SHA-256 of large files, git's blob id of small ones. */
  files: { path: string; oid: string }[];
}

/** What `GET /w/{world}/admin/book` answers; emulator/README.md explains the fields. */
export interface Book {
  nowMs: number;
  posts: PodPost[];
  pods: PodEntry[];
  aliveNow: { id: string; name: string }[];
  /** The most pods that were alive at once: of each name, of each attempt, of all. */
  maxAliveByName: Record<string, number>;
  maxAliveByNamePrefix: Record<string, number>;
  maxAlive: number;
  aliveIntervalsByName: Record<string, AliveInterval[]>;
  billedSeconds: number;
  costUsd: number;
  costMicroUsd: number;
  /** Calls by method and route. */
  requests: Record<string, number>;
  trainings: TrainingEntry[];
  /** Trainer processes by pod. */
  trainingsStarted: Record<string, number>;
  hubCommits: HubCommitEntry[];
}

interface AliveInterval {
  podId: string;
  fromMs: number;
  toMs: number | null;
}

/** What tests read to find out whether anything was lost: who asked for pods, which lived when, what it cost. */
export class AccountBook {
  readonly posts: PodPost[] = [];
  readonly trainings: TrainingEntry[] = [];
  readonly hubCommits: HubCommitEntry[] = [];
  readonly requests = new Map<string, number>();

  /** Opens a page for a trainer that starts now. */
  openTraining(params: { podId: string; jobName: string; nowMs: number }): TrainingEntry {
    const entry: TrainingEntry = {
      podId: params.podId,
      jobName: params.jobName,
      startedAtMs: params.nowMs,
      endedAtMs: null,
      resumedFromStep: null,
      optimizer: 'fresh',
      lastStep: 0,
      lastSavedStep: 0,
      stepsTrained: 0,
      files: [],
    };
    this.trainings.push(entry);
    return entry;
  }

  countRequest(route: string): void {
    this.requests.set(route, (this.requests.get(route) ?? 0) + 1);
  }

  render(pods: PodEntry[], nowMs: number): Book {
    return {
      nowMs,
      posts: this.posts,
      pods,
      aliveNow: pods.filter((pod) => pod.deletedAtMs === null).map(({ id, name }) => ({ id, name })),
      maxAliveByName: maxAlive(pods, (pod) => pod.name),
      maxAliveByNamePrefix: maxAlive(pods, (pod) => attemptPrefix(pod.name)),
      maxAlive: maxAlive(pods, () => 'all')['all'] ?? 0,
      aliveIntervalsByName: intervals(pods),
      billedSeconds: pods.reduce((sum, pod) => sum + pod.billedSeconds, 0),
      costUsd: pods.reduce((sum, pod) => sum + pod.costUsd, 0),
      costMicroUsd: pods.reduce((sum, pod) => sum + pod.costMicroUsd, 0),
      requests: Object.fromEntries(this.requests),
      trainings: this.trainings,
      trainingsStarted: Object.fromEntries(pods.map((pod) => [pod.id, pod.trainingsStarted])),
      hubCommits: this.hubCommits,
    };
  }
}

/** `tempera-test-0123-a2p1` -> `tempera-test-0123-a2`: the pods of one attempt share it. */
function attemptPrefix(name: string): string {
  return name.replace(/p\d+$/, '');
}

function intervals(pods: PodEntry[]): Record<string, AliveInterval[]> {
  const byName: Record<string, AliveInterval[]> = {};
  for (const pod of pods)
    (byName[pod.name] ??= []).push({ podId: pod.id, fromMs: pod.createdAtMs, toMs: pod.deletedAtMs });
  return byName;
}

function maxAlive(pods: PodEntry[], key: (pod: PodEntry) => string): Record<string, number> {
  const groups = new Map<string, PodEntry[]>();
  for (const pod of pods) groups.set(key(pod), [...(groups.get(key(pod)) ?? []), pod]);
  const most: Record<string, number> = {};
  for (const [name, group] of groups) {
    most[name] = Math.max(
      ...group.map(
        ({ createdAtMs: at }) =>
          group.filter((pod) => pod.createdAtMs <= at && (pod.deletedAtMs ?? Infinity) > at).length,
      ),
    );
  }
  return most;
}
