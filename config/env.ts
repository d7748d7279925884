/** The only reader of process.env. All faults of a process's environment are reported at once. */
import { resolve } from 'node:path';
import { isBucketName } from '../core/destination.ts';
import { parseUsd } from '../core/money.ts';
import { isNamespace } from '../core/publish-policy.ts';
import type { PublishPolicy } from '../core/publish-policy.ts';
import type { SpendLimits } from '../core/spend-limit.ts';

type Environment = Readonly<Record<string, string | undefined>>;

interface S3Settings {
  readonly bucket: string;
  readonly region: string;
  /** Set for a server that is not AWS; path-style addressing and optional checksums are then used. */
  readonly endpoint: string | undefined;
}

interface CaptionSettings {
  /** Base address of an OpenAI-compatible API; `/chat/completions` is appended. */
  readonly baseUrl: string;
  readonly model: string;
  /** Undefined for servers that ask for none. */
  readonly apiKey: string | undefined;
}

export const WORKER_ROLES = ['workflow', 'io', 'cpu'] as const;
export type WorkerRole = (typeof WORKER_ROLES)[number];

/** Settings that every process of ours shares. */
export interface Settings {
  /** Name of this installation, part of every pod's name: [a-z0-9]{1,12}. */
  readonly environment: string;
  /** The app key: pod passwords, unguessable names and signed URLs are derived from it. At least 32 characters. */
  readonly secret: string;
  /** Folder for local state (objects, temporary files). */
  readonly home: string;
  readonly databaseUrl: string;
  readonly logLevel: string;
  readonly objectStore: { readonly kind: 'filesystem'; readonly root: string } | ({ readonly kind: 's3' } & S3Settings);
  /** The server that is published to; undefined when publishing to S3 is not configured. */
  readonly publishS3: S3Settings | undefined;
  /** Where users may publish. */
  readonly publishing: PublishPolicy;
  readonly huggingFace: { readonly token: string | undefined; readonly hubUrl: string };
  /** The service that describes photos without a caption; undefined: none, and no photo leaves for one. */
  readonly captions: CaptionSettings | undefined;
  readonly runpod: {
    readonly apiKey: string | undefined;
    /** Base address; `/v2/...` is appended. */
    readonly apiUrl: string;
    /** How a pod's port is reached: `{podId}` and `{port}` are replaced. */
    readonly proxyTemplate: string;
    /** Container image of AI Toolkit. */
    readonly image: string;
    /** Container disk of a pod. GB. */
    readonly diskGb: number;
  };
  /** First part of the task queues' names: installations that share a Temporal namespace need different ones. */
  readonly taskQueuePrefix: string;
  /** What this worker process does; all roles by default. */
  readonly workerRoles: readonly WorkerRole[];
  /** Saves of a training whose weights stay at home: the newest so many. While it trains, never fewer than two. */
  readonly keepCheckpoints: number;
  /** Limits on spending, of users without limits of their own. */
  readonly limits: SpendLimits;
  /** Where a worker serves its metrics for Prometheus, `host:port`; undefined: nowhere. */
  readonly metricsAddress: string | undefined;
  readonly sweep: {
    /** Pause between two sweeps for pods that nobody owns. Milliseconds. */
    readonly intervalMs: number;
    /** How old a pod must be before it can be swept. Milliseconds. */
    readonly graceMs: number;
    /** How long after a pod's end the vendor's billing counts as complete. Milliseconds. */
    readonly settleAfterMs: number;
    /** How long a training must be silent before its workflow is looked for. Milliseconds. */
    readonly quietAfterMs: number;
  };
  readonly api: {
    readonly host: string;
    readonly port: number;
    /** Address under which clients reach the API; signed URLs of the file system store begin with it. */
    readonly publicUrl: string;
    /** Uploads of one API key that may be under way at once. */
    readonly uploadsPerKey: number;
  };
  /** Address of Temporal's Web UI, for links; undefined when unknown. */
  readonly temporalUiUrl: string | undefined;
}

/** Thrown with every fault of the environment in one message. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}

/** Reads and checks the environment. Throws SettingsError naming every variable that is missing or wrong. */
export function readSettings(env: Environment = process.env): Settings {
  const faults: string[] = [];
  const required = (name: string): string => {
    const value = env[name];
    if (value === undefined || value === '') faults.push(`${name} is not set`);
    return value ?? '';
  };
  const integer = (name: string, fallback: number, min: number, max: number): number => {
    const text = env[name];
    if (text === undefined || text === '') return fallback;
    const value = Number(text);
    if (!Number.isInteger(value) || value < min || value > max)
      faults.push(`${name} must be a whole number from ${min} to ${max}`);
    return value;
  };
  const httpUrl = (name: string, fallback: string): string => {
    const text = env[name] || fallback;
    if (!/^https?:\/\/.+/.test(text)) faults.push(`${name} must be an http(s) address`);
    return text.replace(/\/+$/, '');
  };

  const usdLimit = (name: string): number | null => {
    const text = env[name];
    if (text === undefined || text === '') return null;
    const microUsd = parseUsd(Number(text));
    if (microUsd === null) faults.push(`${name} must be an amount of dollars from 0.0001 to 1000000`);
    return microUsd;
  };

  const captions = (): CaptionSettings | undefined => {
    if (!env['CAPTION_BASE_URL'] && !env['CAPTION_MODEL']) return undefined;
    if (!env['CAPTION_BASE_URL']) faults.push('CAPTION_BASE_URL is not set, but CAPTION_MODEL is');
    const baseUrl = env['CAPTION_BASE_URL'] ? httpUrl('CAPTION_BASE_URL', '') : '';
    // Kept out of the address, it cannot get into a message.
    if (/^https?:\/\/[^/]*@|[?#]/.test(baseUrl))
      faults.push('CAPTION_BASE_URL must hold no user name, password or query; a key goes into CAPTION_API_KEY');
    return { baseUrl, model: required('CAPTION_MODEL'), apiKey: env['CAPTION_API_KEY'] || undefined };
  };

  const environment = env['TEMPERA_ENV'] || 'dev';
  if (!/^[a-z0-9]{1,12}$/.test(environment)) faults.push('TEMPERA_ENV must be 1 to 12 characters of a-z and 0-9');
  const secret = required('TEMPERA_SECRET');
  if (secret !== '' && secret.length < 32) faults.push('TEMPERA_SECRET must have at least 32 characters');
  const home = resolve(env['TEMPERA_HOME'] || '.tempera');
  const storeKind = env['OBJECT_STORE'] || 'filesystem';
  if (storeKind !== 'filesystem' && storeKind !== 's3') faults.push('OBJECT_STORE must be "filesystem" or "s3"');
  const s3 = (bucket: string): S3Settings => ({
    bucket,
    region: env['AWS_REGION'] || 'us-east-1',
    endpoint: env['S3_ENDPOINT'] ? httpUrl('S3_ENDPOINT', '') : undefined,
  });
  const publishBucket = env['PUBLISH_S3_BUCKET'];
  const publishing = readPublishPolicy(env, storeKind === 's3' ? env['S3_BUCKET'] : undefined, faults);
  const taskQueuePrefix = env['TASK_QUEUE_PREFIX'] || 'lora';
  if (!/^[a-z0-9-]{1,40}$/.test(taskQueuePrefix))
    faults.push('TASK_QUEUE_PREFIX must be 1 to 40 characters of a-z, 0-9 and "-"');
  const roleNames = (env['WORKER_ROLES'] || WORKER_ROLES.join(',')).split(',').map((name) => name.trim());
  const roles = WORKER_ROLES.filter((role) => roleNames.includes(role));
  if (roles.length !== roleNames.length) faults.push(`WORKER_ROLES must name some of ${WORKER_ROLES.join(', ')}`);
  const metricsAddress = env['METRICS_ADDRESS'] || undefined;
  if (metricsAddress !== undefined && !/^\S+:\d{1,5}$/.test(metricsAddress))
    faults.push('METRICS_ADDRESS must be an address and a port, such as 127.0.0.1:9464');
  const host = env['API_HOST'] || '127.0.0.1';
  const port = integer('API_PORT', 8080, 0, 65_535);

  const settings: Settings = {
    environment,
    secret,
    home,
    databaseUrl: required('DATABASE_URL'),
    logLevel: env['LOG_LEVEL'] || 'info',
    objectStore:
      storeKind === 's3'
        ? { kind: 's3', ...s3(required('S3_BUCKET')) }
        : { kind: 'filesystem', root: resolve(home, 'objects') },
    publishS3: publishBucket ? s3(publishBucket) : undefined,
    publishing,
    huggingFace: { token: env['HF_TOKEN'] || undefined, hubUrl: httpUrl('HF_HUB_URL', 'https://huggingface.co') },
    captions: captions(),
    runpod: {
      apiKey: env['RUNPOD_API_KEY'] || undefined,
      apiUrl: httpUrl('RUNPOD_API_URL', 'https://api.runpod.io'),
      proxyTemplate: httpUrl('RUNPOD_PROXY_TEMPLATE', 'https://{podId}-{port}.proxy.runpod.net'),
      // Version tag, since `latest` moves; 0.12.26 is the version that facts and recordings were taken from (2026-08-21).
      image: env['AI_TOOLKIT_IMAGE'] || 'ostris/aitoolkit:0.12.26',
      // Peers use 60 to 150 GB: the base model's cache is the bulk (read 2026-11).
      diskGb: integer('POD_DISK_GB', 120, 20, 2_000),
    },
    taskQueuePrefix,
    workerRoles: roles,
    // As many as AI Toolkit's own UI keeps of a job (`max_step_saves_to_keep`, commit 27a03a91 of 2026-08-21).
    keepCheckpoints: integer('KEEP_CHECKPOINTS', 4, 0, 1_000),
    limits: {
      training: usdLimit('LIMIT_TRAINING_USD'),
      userMonth: usdLimit('LIMIT_USER_MONTH_USD'),
      characterMonth: usdLimit('LIMIT_CHARACTER_MONTH_USD'),
    },
    metricsAddress,
    sweep: {
      intervalMs: integer('SWEEP_INTERVAL_SECONDS', 120, 1, 86_400) * 1_000,
      graceMs: integer('SWEEP_GRACE_SECONDS', 600, 0, 86_400) * 1_000,
      // RunPod's billing runs every 5 minutes (docs, 2026-08); twice that is given.
      settleAfterMs: integer('SWEEP_SETTLE_SECONDS', 600, 0, 86_400) * 1_000,
      quietAfterMs: integer('SWEEP_QUIET_SECONDS', 900, 1, 86_400) * 1_000,
    },
    api: {
      host,
      port,
      publicUrl: httpUrl('API_PUBLIC_URL', `http://${host}:${port}`),
      // As many as a browser opens to one server.
      uploadsPerKey: integer('API_UPLOADS_PER_KEY', 6, 1, 1_000),
    },
    temporalUiUrl: env['TEMPORAL_UI_URL'] ? httpUrl('TEMPORAL_UI_URL', '') : undefined,
  };
  if (faults.length > 0) throw new SettingsError(`The environment is not usable:\n- ${faults.join('\n- ')}`);
  return settings;
}

function readPublishPolicy(env: Environment, storeBucket: string | undefined, faults: string[]): PublishPolicy {
  const list = (text = '') => text.split(',').flatMap((item) => item.trim() || []);
  const [first] = list(env['PUBLISH_S3_BUCKET']);
  const further = list(env['PUBLISH_S3_BUCKETS']);
  if (first === undefined && further.length > 0) faults.push('PUBLISH_S3_BUCKET is not set, but PUBLISH_S3_BUCKETS is');
  const buckets = first === undefined ? [] : [...new Set([first, ...further])];
  if (!buckets.every(isBucketName))
    faults.push('PUBLISH_S3_BUCKET and PUBLISH_S3_BUCKETS must hold names of S3 buckets');
  // Whoever names the key of a published LoRA could name that of a photo or a checkpoint.
  if (storeBucket !== undefined && buckets.includes(storeBucket.toLowerCase()))
    faults.push('S3_BUCKET, the object store, must not be among PUBLISH_S3_BUCKET and PUBLISH_S3_BUCKETS');
  const namespaces = list(env['PUBLISH_HF_NAMESPACES']);
  if (!namespaces.every(isNamespace))
    faults.push('PUBLISH_HF_NAMESPACES must be a list such as "acme, studio/{user}-"');
  return { buckets, namespaces };
}
