import { randomBytes } from 'node:crypto';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { describe } from 'vitest';
import { servers } from './provided.ts';

/** A suite that needs an S3 server. Without one its tests are skipped, and the end of the run says how many and why. */
export function describeS3(name: string, suite: () => void): void {
  const { s3 } = servers();
  if ('missing' in s3) describe.skip(`no S3 server: ${s3.missing}`, () => void describe(name, suite));
  else describe(name, suite);
}

/** An empty bucket on the run's S3 server, with what a client needs to use it. Only inside `describeS3`. */
export async function createTestBucket() {
  const { s3 } = servers();
  if ('missing' in s3) throw new Error(`There is no S3 server: ${s3.missing}`);
  const bucket = `test-${randomBytes(6).toString('hex')}`;
  const credentials = { accessKeyId: s3.accessKeyId, secretAccessKey: s3.secretAccessKey };
  const client = new S3Client({ endpoint: s3.endpoint, region: s3.region, credentials, forcePathStyle: true });
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  return { bucket, endpoint: s3.endpoint, region: s3.region, credentials, client };
}
