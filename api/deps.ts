/** The API's dependencies; built in api/main.ts, or by tests. */
import type { CatalogGpu } from '../core/offer.ts';
import type { PublishPolicy } from '../core/publish-policy.ts';
import type { SpendLimits } from '../core/spend-limit.ts';
import type { Logger } from '../config/logger.ts';
import type { Repositories } from '../prisma/repositories/index.ts';
import type { ObjectStore } from '../providers/storage/object-store.ts';
import type { TemporalGateway } from './temporal.ts';

export type InspectedPhoto =
  | { readonly status: 'ok'; readonly mimeType: string; readonly width: number; readonly height: number }
  | { readonly status: 'rejected'; readonly reason: string; readonly message: string };

/** Looks at one file on the disk and says whether it is a photo (curation/intake/intake.ts). */
export type InspectPhoto = (path: string) => Promise<InspectedPhoto> | InspectedPhoto;

/** The part of the file system store that checks its own signed URLs. */
export interface SignedObjects {
  verify(url: { key: string; expires: number; filename: string | undefined; signature: string; now: number }): boolean;
}

export interface ApiSettings {
  /** Folder for uploads in progress. */
  readonly home: string;
  /** Address at which clients reach the API. */
  readonly publicUrl: string;
  /** Address of Temporal's Web UI, for links. */
  readonly temporalUiUrl?: string | undefined;
  readonly temporalNamespace: string;
  /** Non-standard task queues; passed on with every training. */
  readonly taskQueues?: { readonly io: string; readonly cpu: string } | undefined;
  /** Spending limits for users without limits of their own. */
  readonly limits: SpendLimits;
  /** Where users may publish. */
  readonly publishing: PublishPolicy;
  /** Size of a pod's container disk, which is billed too. GB. */
  readonly diskGb: number;
  /** Concurrent uploads allowed per API key. */
  readonly uploadsPerKey: number;
  /** Lets `intervals` in a request through to the workflow. Only for the demo and tests. Default false. */
  readonly allowTestIntervals?: boolean | undefined;
  /** Allows image URLs at private and loopback addresses. Only for tests. Default false. */
  readonly allowPrivateImageUrls?: boolean | undefined;
}

export interface ApiDeps {
  readonly repositories: Repositories;
  readonly temporal: TemporalGateway;
  readonly store: ObjectStore;
  /** Undefined when the store signs URLs for its own server (S3). */
  readonly signedObjects?: SignedObjects | undefined;
  readonly inspectPhoto: InspectPhoto;
  /** The vendor's catalog with prices and stock; undefined: this process has no key for the vendor. */
  readonly prices?: ((signal: AbortSignal) => Promise<readonly CatalogGpu[]>) | undefined;
  readonly settings: ApiSettings;
  readonly logger: Logger;
  readonly clock: () => Date;
}
