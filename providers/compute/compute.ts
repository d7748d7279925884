import type { CatalogGpu, Offer } from '../../core/offer.ts';

export interface PodSpec {
  readonly name: string;
  readonly image: string;
  /** Container disk. GB. */
  readonly diskGb: number;
  /** HTTP ports that must be reachable. */
  readonly httpPorts: readonly number[];
  /** Environment of the container. The vendor shows it in clear to every key that may read pods. */
  readonly env: Readonly<Record<string, string>>;
  /** Least CUDA version of the host's driver, such as "13.0". */
  readonly minCudaVersion: string;
  /** What the container runs instead of the image's own command. The vendor shows it in clear like `env`. */
  readonly command?: readonly string[];
}

/**
 * `stopped` has exited or failed: it does no work and may still bill, so somebody must end it.
 * `gone` was terminated and may be listed a little longer: the only state in which nothing is left to end.
 */
export type PodState = 'starting' | 'running' | 'stopped' | 'gone';

/** A rented machine as the vendor reports it now. */
export interface Pod {
  readonly id: string;
  readonly name: string;
  readonly state: PodState;
  readonly gpu: string | null;
  readonly cloud: 'secure' | 'community';
  readonly dataCenter: string | null;
  /** Everything that is billed now, GPU and container disk. Micro-dollars per hour. */
  readonly hourlyMicroUsd: number;
  /** The part that offers name, without the disk. Micro-dollars per hour. */
  readonly gpuHourlyMicroUsd: number;
  readonly createdAt: Date;
}

export type CreateOutcome =
  | { readonly status: 'created'; readonly pod: Pod }
  /** This offer cannot be had now; nothing was made. */
  | { readonly status: 'no_capacity'; readonly message: string }
  /** The vendor refused this offer for another reason; nothing was made. */
  | { readonly status: 'refused'; readonly message: string }
  /** Nobody knows whether a pod was made (5xx, timeout, reset, unreadable answer): look for it by name. */
  | { readonly status: 'unclear'; readonly message: string };

/**
 * Rents machines. Every method has its own time limit; errors are TemperaError: AUTH, BALANCE, RATE_LIMITED,
 * PROVIDER_UNAVAILABLE, or INTERNAL when the vendor calls our request malformed.
 */
export interface Compute {
  /** GPU types with price and stock now; may be up to 20 s old. */
  catalog(signal?: AbortSignal): Promise<readonly CatalogGpu[]>;
  /**
   * Asks for one pod, once. Never repeats the request and cannot be aborted: an answer that is not read may be a pod that bills.
   */
  create(spec: PodSpec, offer: Offer, timeoutMs: number): Promise<CreateOutcome>;
  /** All pods of the account. Complete or an error, never a part. One list of at most this age serves the whole process. */
  list(options: { readonly maxAgeMs: number }, signal?: AbortSignal): Promise<readonly Pod[]>;
  /** Ends a pod and returns once the vendor has taken the order; succeeds when it is already gone. */
  terminate(podId: string, signal?: AbortSignal): Promise<void>;
  /** True only on the vendor's own word that the pod does not exist any more or has been terminated. */
  isGone(podId: string, signal?: AbortSignal): Promise<boolean>;
  /** What the vendor has billed for a pod so far; null when there is no record yet. Micro-dollars. */
  billed(podId: string, since: Date, signal?: AbortSignal): Promise<number | null>;
  /** Base address of a port of a pod. */
  portUrl(podId: string, port: number): string;
}
