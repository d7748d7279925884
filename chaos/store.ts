/** The object store of a run: a real S3 server behind a gate, or a folder where no S3 server can be had. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { resolveVersitygw } from '../dev/versitygw.mjs';
import { createFilesystemStore } from '../providers/storage/filesystem.ts';
import type { ObjectStore } from '../providers/storage/object-store.ts';
import { createS3Store } from '../providers/storage/s3.ts';
import { startVersitygw } from '../dev/s3-server.ts';
import { openStoreGate } from './store-gate.ts';
import type { StoreGate } from './store-gate.ts';

const BUCKET = 'chaos';
const PUBLISHED = 'chaos-published';

export interface ChaosStore {
  /** For the checks: goes past the gate. */
  readonly objects: ObjectStore;
  /** Where LoRAs are published, read past the gate; null for a folder. */
  readonly published: ObjectStore | null;
  /** Settings of the worker and the API; these go through the gate. */
  readonly env: Readonly<Record<string, string>>;
  /** Null for a folder, which cannot be shut. */
  readonly gate: StoreGate | null;
  /** Why there is no S3 server; null when there is one. */
  readonly missing: string | null;
  stop(): Promise<void>;
}

/** Opens the store in a folder of the run. */
export async function openChaosStore(home: string): Promise<ChaosStore> {
  const found = await resolveVersitygw();
  if ('missing' in found) return openFolder(home, found.missing);
  const server = await startVersitygw({ program: found.path, dir: join(home, 's3') });
  const { endpoint, region, accessKeyId, secretAccessKey } = server;
  const connection = { endpoint, region, credentials: { accessKeyId, secretAccessKey } };
  const client = new S3Client({ ...connection, forcePathStyle: true });
  for (const Bucket of [BUCKET, PUBLISHED]) await client.send(new CreateBucketCommand({ Bucket }));
  client.destroy();
  const gate = await openStoreGate(endpoint);
  return {
    objects: createS3Store({ ...connection, bucket: BUCKET }),
    published: createS3Store({ ...connection, bucket: PUBLISHED }),
    env: {
      OBJECT_STORE: 's3',
      S3_BUCKET: BUCKET,
      PUBLISH_S3_BUCKET: PUBLISHED,
      S3_ENDPOINT: gate.endpoint,
      AWS_REGION: region,
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
    },
    gate,
    missing: null,
    async stop() {
      await gate.stop();
      await server.stop();
    },
  };
}

function openFolder(home: string, missing: string): ChaosStore {
  return {
    objects: createFilesystemStore({
      root: join(home, 'objects'),
      secret: randomBytes(16).toString('hex'),
      publicUrl: 'http://127.0.0.1',
    }),
    env: { OBJECT_STORE: 'filesystem' },
    published: null,
    gate: null,
    missing,
    stop: async () => undefined,
  };
}
