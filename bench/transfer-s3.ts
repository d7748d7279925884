import { execFile } from 'node:child_process';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CreateBucketCommand, DeleteObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { startVersitygw } from '../dev/s3-server.ts';
import { resolveVersitygw } from '../dev/versitygw.mjs';
import type { StoreChoice } from './transfer-orders.ts';

const BUCKET = 'bench';

export type BenchS3 =
  | {
      readonly status: 'running';
      readonly choice: StoreChoice;
      /** File with the certificate that a client must trust. */
      readonly certificate: string;
      remove(key: string): Promise<void>;
      stop(): Promise<void>;
    }
  | { readonly status: 'missing'; readonly why: string };

/** A real S3 server with one bucket on this disk, over TLS as everywhere in production, or why there is none. */
export async function startS3(dir: string): Promise<BenchS3> {
  const found = await resolveVersitygw();
  if ('missing' in found) return { status: 'missing', why: found.missing };
  const tls = await makeCertificate(join(dir, 'tls')).catch((error: Error) => error);
  if (tls instanceof Error) return { status: 'missing', why: `openssl made no certificate: ${tls.message}` };
  const server = await startVersitygw({ program: found.path, dir: join(dir, 'objects'), tls });
  const { endpoint, region, accessKeyId, secretAccessKey } = server;
  const connection = { endpoint, region, credentials: { accessKeyId, secretAccessKey } };
  const requestHandler = { httpsAgent: { ca: await readFile(tls.cert) } };
  const client = new S3Client({ ...connection, requestHandler, forcePathStyle: true });
  await client.send(new CreateBucketCommand({ Bucket: BUCKET }));
  return {
    status: 'running',
    choice: { kind: 's3', ...connection, bucket: BUCKET },
    certificate: tls.cert,
    async remove(key) {
      await client.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: key }));
    },
    async stop() {
      client.destroy();
      await server.stop();
    },
  };
}

/** A self-signed certificate for 127.0.0.1, good for two days. */
async function makeCertificate(dir: string): Promise<{ cert: string; key: string }> {
  await mkdir(dir, { recursive: true });
  const files = { cert: join(dir, 'cert.pem'), key: join(dir, 'key.pem') };
  const request = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=127.0.0.1';
  const names = ['-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', files.key, '-out', files.cert];
  await promisify(execFile)('openssl', [...request.split(' '), ...names]);
  return files;
}
