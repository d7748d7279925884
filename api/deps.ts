/** What the API is given; built in api/main.ts, by tests otherwise. */
import type { CatalogGpu } from '../core/offer.ts';
import type { PublishPolicy } from '../core/publish-policy.ts';
import type { SpendLimits } from '../core/spend-limit.ts';
import type { Logger } from '../config/logger.ts';
import type { Database } from '../prisma/client.ts';
import type { ObjectStore } from '../providers/storage/object-store.ts';
import type { TemporalGateway } from './temporal.ts';

export type InspectedPhoto =
  | { readonly status: 'ok'; readonly mimeType: string; readonly width: number; readonly height: number }
  | { readonly status: 'rejected'; readonly reason: string; readonly message: string };

/** Looks at the bytes of one file and says whether they are a photo (curation/intake/intake.ts). */
export type InspectPhoto = (bytes: Uint8Array) => Promise<InspectedPhoto> | InspectedPhoto;

/** The part of the file system store that checks its own signed URLs. */
export interface SignedObjects {
  verify(url: { key: string; expires: number; filename: string | undefined; signature: string; now: number }): boolean;
}

export interface ApiSettings {
  /** Folder for uploads under way. */
  readonly home: string;
  /** Address under which clients reach the API. */
  readonly publicUrl: string;
  /** Address of Temporal's Web UI, for links. */
  readonly temporalUiUrl?: string | undefined;
  readonly temporalNamespace: string;
  /** Task queues other than the standard ones; passed on with every training. */
  readonly taskQueues?: { readonly io: string; readonly cpu: string } | undefined;
  /** Limits on spending, of users without limits of their own. */
  readonly limits: SpendLimits;
  /** Where users may publish. */
  readonly publishing: PublishPolicy;
  /** Container disk of a pod, which is billed too. GB. */
  readonly diskGb: number;
  /** Uploads of one API key that may be under way at once. */
  readonly uploadsPerKey: number;
  /** Lets `intervals` in a request through to the workflow. Only for the demo and tests. Default false. */
  readonly allowTestIntervals?: boolean | undefined;
  /** Fetches image URLs from private and loopback addresses too. Only for tests. Default false. */
  readonly allowPrivateImageUrls?: boolean | undefined;
}

export interface ApiDeps {
  readonly database: Database;
  readonly temporal: TemporalGateway;
  readonly store: ObjectStore;
  /** Undefined when the store signs URLs of its own server (S3). */
  readonly signedObjects?: SignedObjects | undefined;
  readonly inspectPhoto: InspectPhoto;
  /** The vendor's catalog with prices and stock; undefined: this process has no key of the vendor. */
  readonly prices?: ((signal: AbortSignal) => Promise<readonly CatalogGpu[]>) | undefined;
  readonly settings: ApiSettings;
  readonly logger: Logger;
  readonly clock: () => Date;
}
