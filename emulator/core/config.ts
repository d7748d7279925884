export type Availability = 'NONE' | 'LOW' | 'MEDIUM' | 'HIGH';

/** How long each emulated thing takes, in milliseconds before `clockFactor` divides it. */
export interface Delays {
  /** PROVISIONING until STARTING. */
  provisioning: number;
  /** STARTING until RUNNING. */
  starting: number;
  /** RUNNING until `runtime.ports` appears. */
  ports: number;
  /** `runtime.ports` until the app answers through the proxy (502 before). */
  app: number;
  /** From then on until AI Toolkit's routes work: meanwhile it serves files, lets GETs wait and refuses the rest. */
  ui: number;
  /** Period of the AI Toolkit worker that looks at the queues. */
  workerTick: number;
  modelLoad: number;
  datasetLoad: number;
  /** One training step. */
  step: number;
  /** Extra time of one save, on top of writing the bytes. */
  save: number;
  /** One sample picture. */
  sample: number;
  /** First byte of a file download. */
  downloadFirstByte: number;
}

export interface RateWindow {
  name: 'minute' | 'hour' | 'day';
  quota: number;
  windowSec: number;
}

export interface GpuPrice {
  secure?: number;
  community?: number;
}

/** Everything that can be set for a world by `PUT /w/{world}/admin/config`. */
export interface WorldConfig {
  /** Seed of every random-looking number. */
  seed: number;
  /** Divides all delays; money stays in real time. */
  clockFactor: number;
  delaysMs: Delays;
  /** Size of each final weights file and each checkpoint. */
  loraBytes: number;
  optimizerBytes: number;
  /** GPU id -> availability; NONE refuses creates. Ids that are absent keep the catalog's own level. */
  stock: Record<string, Availability>;
  /** GPU id -> USD per GPU-hour, over the catalog's list price. */
  prices: Record<string, GpuPrice>;
  /** GPU id -> how many times `delaysMs.step` one step takes there; absent = 1. */
  stepFactors: Record<string, number>;
  /** Quotas of the RunPod API per key; null switches them off. */
  rateLimit: RateWindow[] | null;
  /** Accepted RunPod keys. */
  apiKeys: string[];
  /** Hub token -> user name. */
  hubTokens: Record<string, string>;
  /** Files above this many bytes go through LFS on the hub. */
  hubLfsBytes: number;
  /** LFS objects above this many bytes are uploaded in parts of this size. */
  hubPartBytes: number;
  /** Root of AI Toolkit as the pod sees it; a virtual path below the pod's own folder. */
  toolkitRoot: string;
  /** Whether the image holds AI Toolkit's training folder, as the real one does by a `.gitkeep`. */
  hasOutputFolder: boolean;
  /**
   * nvidia-smi in the pods: `partial` cannot read most values, `fails` ends with an error, `absent` is not installed.
   */
  nvidiaSmi: 'works' | 'partial' | 'fails' | 'absent';
  /**
   * Notes in the account book what each trainer has saved, with the SHA-256 of every file as it lies on the pod's disk.
   */
  bookFiles: boolean;
  /** Larger requests through the proxy get 413; null = no limit. */
  maxProxyBodyBytes: number | null;
  /** Throttle of the proxy per transfer; null = as fast as the disk. */
  bytesPerSecond: { download: number | null; upload: number | null };
  /** Base models whose access the hub refuses to the trainer. */
  gated: string[];
  /** What the proxy answers for an unknown or terminated pod (nobody has seen the real one); 200 is a page of nginx. */
  deadPodStatus: 200 | 404 | 502;
}

// RateLimit quotas: example of the OpenAPI document, runpod/docs@a900806e, 2026-08-18.
const defaults: WorldConfig = {
  seed: 1,
  clockFactor: 1,
  delaysMs: {
    provisioning: 2000,
    starting: 500,
    ports: 500,
    app: 1000,
    ui: 0,
    workerTick: 1000,
    modelLoad: 2000,
    datasetLoad: 300,
    step: 20,
    save: 200,
    sample: 100,
    downloadFirstByte: 0,
  },
  loraBytes: 1024 * 1024,
  optimizerBytes: 256 * 1024,
  stock: {},
  prices: {},
  stepFactors: {},
  rateLimit: [
    { name: 'minute', quota: 60, windowSec: 60 },
    { name: 'hour', quota: 3000, windowSec: 3600 },
    { name: 'day', quota: 50_000, windowSec: 86_400 },
  ],
  apiKeys: ['emulated'],
  hubTokens: { hf_emulated: 'tempera-demo' },
  hubLfsBytes: 10_000_000,
  hubPartBytes: 100_000_000,
  toolkitRoot: '/app/ai-toolkit',
  hasOutputFolder: true,
  nvidiaSmi: 'works',
  bookFiles: false,
  maxProxyBodyBytes: 100_000_000,
  bytesPerSecond: { download: null, upload: null },
  gated: [],
  deadPodStatus: 404,
};

/** A fresh copy of the defaults. */
export function defaultConfig(): WorldConfig {
  return structuredClone(defaults);
}

/** Merges a partial config; nested objects are merged one level deep, unknown keys are refused. */
export function mergeConfig(config: WorldConfig, patch: unknown): WorldConfig {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch))
    throw new TypeError('config must be an object');
  const merged: Record<string, unknown> = { ...config };
  for (const [key, value] of Object.entries(patch)) {
    if (!(key in config)) throw new TypeError(`unknown config key '${key}'`);
    const old = merged[key];
    merged[key] = isRecord(old) && isRecord(value) ? { ...old, ...value } : value;
  }
  return merged as unknown as WorldConfig;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
