import type { ArtifactFile } from '../../core/artifact.ts';
import type { Destination, DestinationKind } from '../../core/destination.ts';
import type { ObjectStore } from '../storage/object-store.ts';

/** What a destination may reveal about a LoRA: no photo and no caption of one. */
export interface PublicationSubject {
  readonly trainingId: string;
  readonly userId: string;
  readonly name: string;
  readonly characterId: string | null;
  readonly triggerWord: string;
  /** Our name for the base model, such as `flux`. */
  readonly baseModel: string;
  /** The base model's repository on the Hugging Face Hub. */
  readonly baseModelRepo: string;
  /** Licence of the base model, as the Hub's model card expects it: a licence id, or `other` with name and link. */
  readonly licence: { readonly id: string; readonly name?: string; readonly link?: string };
  readonly steps: number;
  readonly rank: number;
  readonly files: readonly ArtifactFile[];
  /** Samples rendered during training, newest step first. */
  readonly samples: readonly { readonly key: string; readonly prompt: string; readonly step: number }[];
}

export interface PublishRequest<D extends Destination = Destination> {
  readonly destination: D;
  readonly subject: PublicationSubject;
  /** Where the artifact's bytes come from. */
  readonly store: ObjectStore;
  /** Called while bytes move, for heartbeats. */
  readonly onProgress?: (bytes: number) => void;
  readonly signal: AbortSignal;
}

/** Where a LoRA was published and how that was verified. */
export interface PublishResult {
  /** Bucket, or repository id. */
  readonly location: string;
  /** Key, or path in the repository, of the first file. */
  readonly path: string;
  /** Version id or commit, where the destination has one. */
  readonly revision: string | null;
  /** An address for people, without secrets: `s3://...` or the repository's page. */
  readonly url: string;
  /** Hex SHA-256 of the first file as read back from the destination. */
  readonly sha256: string;
}

/**
 * Publishes an artifact to one kind of destination. Repeating a publication that already happened succeeds with the
 * same result. Throws TemperaError: PUBLISH_FAILED (permanent), AUTH, RATE_LIMITED or PROVIDER_UNAVAILABLE (try again).
 */
export interface Publisher<D extends Destination = Destination> {
  readonly kind: DestinationKind;
  publish(request: PublishRequest<D>): Promise<PublishResult>;
}
