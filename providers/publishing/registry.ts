import type { DestinationKind } from '../../core/destination.ts';
import type { PublishPolicy } from '../../core/publish-policy.ts';
import type { S3ClientOptions } from '../storage/s3-client.ts';
import { createHuggingFacePublisher } from './huggingface/publisher.ts';
import type { Publisher } from './publisher.ts';
import { createS3Publisher } from './s3.ts';

interface PublishSettings {
  /** Undefined when publishing to S3 is not configured. */
  readonly publishS3: S3ClientOptions | undefined;
  readonly publishing: PublishPolicy;
  readonly huggingFace: { readonly token: string | undefined; readonly hubUrl: string };
  /** Name of this installation. */
  readonly environment: string;
  /** The app key. */
  readonly secret: string;
  /** Folder for copies during an upload. */
  readonly temporaryDirectory: string;
}

/**
 * One publisher per kind of destination; null where this installation has no access. A missing kind does not compile.
 */
export function createPublishers(settings: PublishSettings): Record<DestinationKind, Publisher | null> {
  const { publishS3, publishing: policy, huggingFace, environment, secret, temporaryDirectory } = settings;
  const { token, hubUrl } = huggingFace;
  return {
    s3: publishS3 === undefined ? null : createS3Publisher({ ...publishS3, policy }),
    huggingface:
      token === undefined
        ? null
        : createHuggingFacePublisher({ token, hubUrl, policy, environment, secret, temporaryDirectory }),
  };
}
