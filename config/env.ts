/** The only reader of process.env. All faults of a process's environment are reported at once. */
import { isIPv6 } from 'node:net';
import { resolve } from 'node:path';
import { isBucketName } from '../core/destination.ts';
import { isNamespace } from '../core/publish-policy.ts';
import type { PublishPolicy } from '../core/publish-policy.ts';
import type { SpendLimits } from '../core/spend-limit.ts';
import { createReader } from './reader.ts';
import type { Environment, Reader } from './reader.ts';
import { temporalFaults } from './temporal.ts';

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
  /** Undefined for servers that do not require one. */
  readonly apiKey: string | undefined;
}

/** Levels of pino. */
const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

export const WORKER_ROLES = ['workflow', 'io', 'cpu'] as const;
export type WorkerRole = (typeof WORKER_ROLES)[number];

/** Settings that all our processes share. */
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
  /** The server to publish to; undefined when publishing to S3 is not configured. */
  readonly publishS3: S3Settings | undefined;
  /** Where users may publish. */
  readonly publishing: PublishPolicy;
  readonly huggingFace: { readonly token: string | undefined; readonly hubUrl: string };
  /** The service that describes photos without a caption; undefined: none, and no photo is sent to one. */
  readonly captions: CaptionSettings | undefined;
  readonly runpod: {
    readonly apiKey: string | undefined;
    /** Base address; `/v2/...` is appended. */
    readonly apiUrl: string;
    /** How a pod's port is reached: `{podId}` and `{port}` are replaced. */
    readonly proxyTemplate: string;
    /** Container image of AI Toolkit. */
    readonly image: string;
    /** Size of a pod's container disk. GB. */
    readonly diskGb: number;
  };
  /** First part of the task queues' names: installations that share a Temporal namespace need different ones. */
  readonly taskQueuePrefix: string;
  /** What this worker process does; all roles by default. */
  readonly workerRoles: readonly WorkerRole[];
  /** How many of a training's newest saves keep their weights. While it trains, never fewer than two. */
  readonly keepCheckpoints: number;
  /** Spending limits for users without limits of their own. */
  readonly limits: SpendLimits;
  /** Where a worker serves its metrics for Prometheus, as `host:port`; undefined: nowhere. */
  readonly metricsAddress: string | undefined;
  readonly sweep: {
    /** Pause between two sweeps for orphaned pods. Milliseconds. */
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
    /** Address at which clients reach the API; signed URLs of the file system store begin with it. */
    readonly publicUrl: string;
    /** Concurrent uploads allowed per API key. */
    readonly uploadsPerKey: number;
  };
  /** Address of Temporal's Web UI, for links; undefined when unknown. */
  readonly temporalUiUrl: string | undefined;
}

/** Thrown with every fault of the environment in one message. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(`The environment is not usable:\n- ${faults.join('\n- ')}`);
    this.faults = faults;
  }
}

interface ReadOptions {
  /** A process that rents pods needs the vendor's key. Default false. */
  readonly rentsPods?: boolean;
}

/**
 * Reads and checks the environment, Temporal's variables too. Throws SettingsError naming every variable that is
 * missing or wrong.
 */
export function readSettings(env: Environment = process.env, { rentsPods = false }: ReadOptions = {}): Settings {
  const faults: string[] = [];
  const reader = createReader(env, faults);
  const { required, optional, integer, httpUrl, httpUrlIfSet, usdLimit, token, bucket, matching } = reader;

  const secret = required('TEMPERA_SECRET');
  if (secret !== '' && secret.trim().length < 32) faults.push('TEMPERA_SECRET must have at least 32 characters');
  const home = reader.folder('TEMPERA_HOME', '.tempera');
  const host = reader.host('API_HOST', '127.0.0.1');
  const port = integer('API_PORT', 8080, 0, 65_535);
  const endpoint = httpUrlIfSet('S3_ENDPOINT');
  const s3 = (name: string): S3Settings => ({
    bucket: name,
    region: optional('AWS_REGION') ?? 'us-east-1',
    endpoint,
  });
  const publishing = publishPolicyOf(reader, faults);
  const [publishBucket] = publishing.buckets;

  const settings: Settings = {
    environment: matching('TEMPERA_ENV', 'dev', /^[a-z0-9]{1,12}$/, '1 to 12 characters of a-z and 0-9'),
    secret,
    home,
    databaseUrl: reader.databaseUrl('DATABASE_URL'),
    logLevel: reader.oneOf('LOG_LEVEL', LOG_LEVELS, 'info'),
    objectStore:
      reader.oneOf('OBJECT_STORE', ['filesystem', 's3'], 'filesystem') === 's3'
        ? { kind: 's3', ...s3(bucket('S3_BUCKET', true) ?? '') }
        : { kind: 'filesystem', root: resolve(home, 'objects') },
    publishS3: publishBucket === undefined ? undefined : s3(publishBucket),
    publishing,
    huggingFace: { token: token('HF_TOKEN'), hubUrl: httpUrl('HF_HUB_URL', 'https://huggingface.co') },
    captions: captionsOf(reader, faults),
    runpod: {
      apiKey: token('RUNPOD_API_KEY'),
      apiUrl: httpUrl('RUNPOD_API_URL', 'https://api.runpod.io'),
      proxyTemplate: proxyTemplateOf(reader, faults),
      // A version tag, because `latest` moves; facts and recordings were taken from 0.12.26 (2026-08-21).
      image: matching('AI_TOOLKIT_IMAGE', 'ostris/aitoolkit:0.12.26', /^\S+$/, 'the name of a container image'),
      // Similar tools use 60 to 150 GB: most of it is the base model's cache (read 2026-11).
      diskGb: integer('POD_DISK_GB', 120, 20, 2_000),
    },
    taskQueuePrefix: matching(
      'TASK_QUEUE_PREFIX',
      'lora',
      /^[a-z0-9-]{1,40}$/,
      '1 to 40 characters of a-z, 0-9 and "-"',
    ),
    workerRoles: rolesOf(reader, faults),
    // As many as AI Toolkit's own UI keeps per job (`max_step_saves_to_keep`, commit 27a03a91 of 2026-08-21).
    keepCheckpoints: integer('KEEP_CHECKPOINTS', 4, 0, 1_000),
    limits: {
      training: usdLimit('LIMIT_TRAINING_USD'),
      userMonth: usdLimit('LIMIT_USER_MONTH_USD'),
      characterMonth: usdLimit('LIMIT_CHARACTER_MONTH_USD'),
    },
    metricsAddress: reader.listenAddress('METRICS_ADDRESS'),
    sweep: {
      intervalMs: integer('SWEEP_INTERVAL_SECONDS', 120, 1, 86_400) * 1_000,
      graceMs: integer('SWEEP_GRACE_SECONDS', 600, 0, 86_400) * 1_000,
      // RunPod's billing runs every 5 minutes (docs, 2026-08); we allow twice that.
      settleAfterMs: integer('SWEEP_SETTLE_SECONDS', 600, 0, 86_400) * 1_000,
      quietAfterMs: integer('SWEEP_QUIET_SECONDS', 900, 1, 86_400) * 1_000,
    },
    api: {
      host,
      port,
      publicUrl: httpUrlIfSet('API_PUBLIC_URL') ?? `http://${isIPv6(host) ? `[${host}]` : host}:${port}`,
      // As many connections as a browser opens to one server.
      uploadsPerKey: integer('API_UPLOADS_PER_KEY', 6, 1, 1_000),
    },
    temporalUiUrl: httpUrlIfSet('TEMPORAL_UI_URL'),
  };
  if (rentsPods && optional('RUNPOD_API_KEY') === undefined) faults.push('RUNPOD_API_KEY is not set');
  faults.push(...temporalFaults(env));
  if (faults.length > 0) throw new SettingsError(faults);
  return settings;
}

function captionsOf({ optional, required, httpUrl, token }: Reader, faults: string[]): CaptionSettings | undefined {
  const isNamed = optional('CAPTION_BASE_URL') !== undefined;
  if (!isNamed && optional('CAPTION_MODEL') === undefined) return undefined;
  if (!isNamed) faults.push('CAPTION_BASE_URL is not set, but CAPTION_MODEL is');
  return {
    baseUrl: isNamed ? httpUrl('CAPTION_BASE_URL', '') : '',
    model: required('CAPTION_MODEL'),
    apiKey: token('CAPTION_API_KEY'),
  };
}

function proxyTemplateOf({ optional }: Reader, faults: string[]): string {
  const template = optional('RUNPOD_PROXY_TEMPLATE') ?? 'https://{podId}-{port}.proxy.runpod.net';
  const example = template.replaceAll('{podId}', 'abc123').replaceAll('{port}', '8675');
  const isAddress = /^https?:\/\/[^/?#@]+(?:\/[^?#]*)?$/.test(example) && URL.canParse(example);
  if (!isAddress || !template.includes('{podId}') || !template.includes('{port}'))
    faults.push('RUNPOD_PROXY_TEMPLATE must be an http(s) address with {podId} and {port} in it');
  return template.replace(/\/+$/, '');
}

function rolesOf({ optional }: Reader, faults: string[]): WorkerRole[] {
  const names = (optional('WORKER_ROLES') ?? WORKER_ROLES.join(',')).split(',').map((name) => name.trim());
  const roles = WORKER_ROLES.filter((role) => names.includes(role));
  if (roles.length !== names.length) faults.push(`WORKER_ROLES must name some of ${WORKER_ROLES.join(', ')}`);
  return roles;
}

function publishPolicyOf({ optional }: Reader, faults: string[]): PublishPolicy {
  const list = (text = '') => text.split(',').flatMap((item) => item.trim() || []);
  const [first] = list(optional('PUBLISH_S3_BUCKET'));
  const further = list(optional('PUBLISH_S3_BUCKETS'));
  if (first === undefined && further.length > 0) faults.push('PUBLISH_S3_BUCKET is not set, but PUBLISH_S3_BUCKETS is');
  const buckets = first === undefined ? [] : [...new Set([first, ...further])];
  if (!buckets.every(isBucketName)) faults.push('PUBLISH_S3_BUCKET and PUBLISH_S3_BUCKETS must be names of S3 buckets');
  // Otherwise a user who chooses the key of a published LoRA could choose that of a photo or a checkpoint.
  const storeBucket = optional('OBJECT_STORE') === 's3' ? optional('S3_BUCKET') : undefined;
  if (storeBucket !== undefined && buckets.includes(storeBucket.toLowerCase()))
    faults.push('S3_BUCKET, the object store, must not be among PUBLISH_S3_BUCKET and PUBLISH_S3_BUCKETS');
  const namespaces = list(optional('PUBLISH_HF_NAMESPACES'));
  if (!namespaces.every(isNamespace))
    faults.push('PUBLISH_HF_NAMESPACES must be a list such as "acme, studio/{user}-"');
  return { buckets, namespaces };
}
