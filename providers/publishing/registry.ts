import type { DestinationKind } from '../../core/destination.ts';
import { createHuggingFacePublisher } from './huggingface/publisher.ts';
import type { Publisher } from './publisher.ts';
import { createS3Publisher } from './s3.ts';
import type { S3PublisherOptions } from './s3.ts';

interface PublishSettings {
  /** Undefined when publishing to S3 is not set up. */
  readonly publishS3: S3PublisherOptions | undefined;
  readonly huggingFace: { readonly token: string | undefined; readonly hubUrl: string };
  /** Where copies lie that are on their way. */
  readonly temporaryDirectory: string;
}

/** One publisher per kind of destination; null where this installation has no access. A kind left out does not compile. */
export function createPublishers({
  publishS3,
  huggingFace,
  temporaryDirectory,
}: PublishSettings): Record<DestinationKind, Publisher | null> {
  const { token, hubUrl } = huggingFace;
  return {
    s3: publishS3 === undefined ? null : createS3Publisher(publishS3),
    huggingface: token === undefined ? null : createHuggingFacePublisher({ token, hubUrl, temporaryDirectory }),
  };
}
