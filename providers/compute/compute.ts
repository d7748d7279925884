import type { CatalogGpu, Offer } from '../../core/offer.ts';

export interface PodSpec {
  readonly name: string;
  readonly image: string;
  /** Container disk. GB. */
  readonly diskGb: number;
  /** HTTP ports that must be reachable. */
  readonly httpPorts: readonly number[];
  /** Environment of the container. The vendor shows it in plain text to every key that may read pods. */
  readonly env: Readonly<Record<string, string>>;
  /** Lowest CUDA version that the host's driver must support, such as "13.0". */
  readonly minCudaVersion: string;
  /** What the container runs instead of the image's own command. The vendor shows it in plain text, like `env`. */
  readonly command?: readonly string[];
}

/**
 * `stopped` has exited or failed: it does no work but may still bill, so it must be terminated. `gone` was terminated,
 * although it may be listed a little longer: the only state in which nothing is left to terminate.
 */
export type PodState = 'starting' | 'running' | 'stopped' | 'gone';

/** A rented machine as the vendor currently reports it. */
export interface Pod {
  readonly id: string;
  readonly name: string;
  readonly state: PodState;
  readonly gpu: string | null;
  readonly cloud: 'secure' | 'community';
  readonly dataCenter: string | null;
  /** Everything that is currently billed: GPU and container disk. Micro-dollars per hour. */
  readonly hourlyMicroUsd: number;
  /** The price in the offer, without the disk. Micro-dollars per hour. */
  readonly gpuHourlyMicroUsd: number;
  readonly createdAt: Date;
}

export type CreateOutcome =
  | { readonly status: 'created'; readonly pod: Pod }
  /** This offer is not available now; nothing was created. */
  | { readonly status: 'no_capacity'; readonly message: string }
  /** The vendor refused this offer for another reason; nothing was created. */
  | { readonly status: 'refused'; readonly message: string }
  /** It is unknown whether a pod was created (5xx, timeout, reset, unreadable answer): look for it by name. */
  | { readonly status: 'unclear'; readonly message: string };

/**
 * Rents machines. Every method has its own time limit; errors are TemperaError: AUTH, BALANCE, RATE_LIMITED,
 * PROVIDER_UNAVAILABLE, or INTERNAL when the vendor says that our request is malformed.
 */
export interface Compute {
  /** GPU types with current price and stock; may be up to 20 s old. */
  catalog(signal?: AbortSignal): Promise<readonly CatalogGpu[]>;
  /**
   * Requests one pod, once. Never repeats the request and cannot be aborted: an unread answer may be a pod that bills.
   */
  create(spec: PodSpec, offer: Offer, timeoutMs: number): Promise<CreateOutcome>;
  /**
   * All pods of the account: complete or an error, never a part. One list of at most this age serves the whole process.
   */
  list(options: { readonly maxAgeMs: number }, signal?: AbortSignal): Promise<readonly Pod[]>;
  /** Terminates a pod and returns once the vendor has accepted the request; succeeds when it is already gone. */
  terminate(podId: string, signal?: AbortSignal): Promise<void>;
  /** True only when the vendor itself confirms that the pod no longer exists or has been terminated. */
  isGone(podId: string, signal?: AbortSignal): Promise<boolean>;
  /** What the vendor has billed for a pod so far; null when there is no record yet. Micro-dollars. */
  billed(podId: string, since: Date, signal?: AbortSignal): Promise<number | null>;
  /** Base address of a port of a pod. */
  portUrl(podId: string, port: number): string;
}
