import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { resolveVersitygw } from '../dev/versitygw.mjs';
import { createS3Store } from '../providers/storage/s3.ts';
import { startVersitygw } from '../dev/s3-server.ts';
import type { StoreChoice } from './transfer-orders.ts';

export type BenchS3 =
  | {
      readonly status: 'running';
      readonly choice: StoreChoice;
      remove(key: string): Promise<void>;
      stop(): Promise<void>;
    }
  | { readonly status: 'missing'; readonly why: string };

/** A real S3 server with one bucket on this disk, or why there is none. */
export async function startS3(dir: string): Promise<BenchS3> {
  const found = await resolveVersitygw();
  if ('missing' in found) return { status: 'missing', why: found.missing };
  const { endpoint, region, accessKeyId, secretAccessKey, stop } = await startVersitygw({ program: found.path, dir });
  const connection = { endpoint, region, credentials: { accessKeyId, secretAccessKey } };
  const client = new S3Client({ ...connection, forcePathStyle: true });
  try {
    await client.send(new CreateBucketCommand({ Bucket: 'bench' }));
  } finally {
    client.destroy();
  }
  const options = { ...connection, bucket: 'bench' };
  return {
    status: 'running',
    choice: { kind: 's3', ...options },
    remove: (key) => createS3Store(options).delete(key),
    stop,
  };
}
