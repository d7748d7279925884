/** Our publisher to S3, against a real server: whole, once, and never over anything that is not its own. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ArtifactFile } from '../../core/artifact.ts';
import type { S3Destination } from '../../core/destination.ts';
import type { PublicationSubject } from '../../providers/publishing/publisher.ts';
import { createS3Publisher } from '../../providers/publishing/s3.ts';
import { createFilesystemStore } from '../../providers/storage/filesystem.ts';
import type { ObjectStore } from '../../providers/storage/object-store.ts';
import { createS3Store } from '../../providers/storage/s3.ts';
import { createTestBucket, describeS3 } from '../support/s3.ts';

const SUBJECT: PublicationSubject = {
  trainingId: 'training-1',
  userId: 'user-1',
  name: 'Ada',
  characterId: 'ada',
  triggerWord: 'öhwx',
  baseModel: 'flux',
  baseModelRepo: 'black-forest-labs/FLUX.1-dev',
  licence: { id: 'other' },
  steps: 1_000,
  rank: 16,
  files: [],
  samples: [],
};

describeS3('createS3Publisher', () => {
  let folder: string;
  let access: Awaited<ReturnType<typeof createTestBucket>>;
  let store: ReturnType<typeof createFilesystemStore>;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tempera-publish-'));
    store = createFilesystemStore({ root: folder, secret: 'x', publicUrl: 'http://127.0.0.1' });
    access = await createTestBucket();
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  async function file(name: string, sizeBytes: number): Promise<ArtifactFile> {
    const bytes = randomBytes(sizeBytes);
    const key = `artifacts/${createHash('sha1').update(bytes).digest('hex')}/${name}`;
    return { name, ...(await store.put(key, bytes)) };
  }

  function publish(
    subject: Partial<PublicationSubject>,
    options: {
      destination?: Partial<S3Destination>;
      signal?: AbortSignal;
      onProgress?: (bytes: number) => void;
      from?: ObjectStore;
      /** Another server, or the same under another address. */
      endpoint?: string;
      buckets?: string[];
    } = {},
  ) {
    const { endpoint = access.endpoint, buckets = [access.bucket, 'no-such-bucket-here'] } = options;
    return createS3Publisher({ ...access, endpoint, policy: { buckets, namespaces: [] } }).publish({
      destination: { kind: 's3', ...options.destination },
      subject: { ...SUBJECT, ...subject },
      store: options.from ?? store,
      signal: options.signal ?? new AbortController().signal,
      ...(options.onProgress && { onProgress: options.onProgress }),
    });
  }

  const head = (Key: string) => access.client.send(new HeadObjectCommand({ Bucket: access.bucket, Key }));

  it('puts the LoRA under the founding documents’ key, with what it is in its metadata', async () => {
    const lora = await file('ada.safetensors', 300_000);
    let moved = 0;

    const result = await publish({ files: [lora], characterId: 'first' }, { onProgress: (bytes) => (moved += bytes) });

    expect(result).toMatchObject({
      location: access.bucket,
      path: 'lora/first.safetensors',
      url: `s3://${access.bucket}/lora/first.safetensors`,
      sha256: lora.sha256,
    });
    expect((await head('lora/first.safetensors')).Metadata).toEqual({
      sha256: lora.sha256,
      'tempera-training': 'training-1',
      'tempera-user': 'user-1',
      'tempera-character': 'first',
      'tempera-trigger-word': '%C3%B6hwx',
      'tempera-base-model': 'flux',
      'tempera-step': '1000',
    });
    expect(moved).toBe(2 * lora.sizeBytes);
  });

  it('gives the same result again without a second upload', async () => {
    const files = [await file('ada.safetensors', 20 * 1024 * 1024)];
    const first = await publish({ files, characterId: 'again' });
    const { LastModified, ETag } = await head('lora/again.safetensors');
    let moved = 0;

    const second = await publish({ files, characterId: 'again' }, { onProgress: (bytes) => (moved += bytes) });

    expect(second).toEqual(first);
    expect(await head('lora/again.safetensors')).toMatchObject({ LastModified, ETag });
    expect(moved).toBe(20 * 1024 * 1024);
  });

  it.each([300_000, 20 * 1024 * 1024])(
    'replaces the LoRA of an earlier training of the same character (%i bytes)',
    async (size) => {
      const characterId = `retrained-${size}`;
      await publish({ files: [await file('one.safetensors', size)], characterId });
      const lora = await file('two.safetensors', size);

      const result = await publish({ files: [lora], characterId, trainingId: 'training-2' });

      expect(result.sha256).toBe(lora.sha256);
      expect((await head(result.path)).Metadata).toMatchObject({
        'tempera-training': 'training-2',
        sha256: lora.sha256,
      });
    },
  );

  it('never overwrites the LoRA of another user whose character has the same name', async () => {
    const lora = await file('theirs.safetensors', 1_000);
    await publish({ files: [lora], characterId: 'mia', userId: 'user-1' });

    await expect(
      publish({
        files: [await file('ours.safetensors', 1_000)],
        characterId: 'mia',
        userId: 'user-2',
        trainingId: 'training-2',
      }),
    ).rejects.toMatchObject({ code: 'PUBLISH_FAILED', message: expect.stringContaining('Name another key') });

    expect((await head('lora/mia.safetensors')).Metadata).toMatchObject({ sha256: lora.sha256 });
  });

  it('never overwrites an object that is not of this character', async () => {
    await access.client.send(
      new PutObjectCommand({ Bucket: access.bucket, Key: 'theirs/x.safetensors', Body: 'precious' }),
    );
    await publish(
      { files: [await file('ada.safetensors', 1_000)], characterId: 'ada' },
      { destination: { key: 'shared.safetensors' } },
    );
    const files = [await file('bob.safetensors', 1_000)];

    for (const key of ['theirs/x.safetensors', 'shared.safetensors']) {
      await expect(
        publish({ files, characterId: 'bob', trainingId: 'training-9' }, { destination: { key } }),
      ).rejects.toMatchObject({
        code: 'PUBLISH_FAILED',
        message: expect.stringContaining('not this user'),
      });
    }

    expect((await head('theirs/x.safetensors')).ContentLength).toBe(8);
  });

  it('gives the two experts of Wan 2.2 a key each', async () => {
    const files = [await file('wan_high_noise.safetensors', 1_000), await file('wan_low_noise.safetensors', 2_000)];

    const result = await publish({ files, characterId: null, trainingId: 'training-wan' });

    expect(result.path).toBe('lora/training-wan-high-noise.safetensors');
    expect((await head('lora/training-wan-low-noise.safetensors')).ContentLength).toBe(2_000);
  });

  it('lets one of two publishers at the same time through, and the other see its work', async () => {
    const files = [await file('ada.safetensors', 12 * 1024 * 1024)];

    const results = await Promise.all([
      publish({ files, characterId: 'race' }),
      publish({ files, characterId: 'race' }),
    ]);

    expect(results[1]).toEqual(results[0]);
  });

  it('refuses to publish an artifact that was damaged at home', async () => {
    const lora = await file('ada.safetensors', 1_000);
    await store.put(lora.key, randomBytes(1_000));

    await expect(publish({ files: [lora], characterId: 'damaged' })).rejects.toMatchObject({ code: 'PUBLISH_FAILED' });

    await expect(head('lora/damaged.safetensors')).rejects.toThrow();
  });

  it('stops when aborted and leaves nothing behind', async () => {
    const files = [await file('ada.safetensors', 40 * 1024 * 1024)];
    const stop = new AbortController();

    const publishing = publish(
      { files, characterId: 'aborted' },
      { signal: stop.signal, onProgress: () => stop.abort(new Error('cancelled')) },
    );

    await expect(publishing).rejects.toThrow('cancelled');
    await expect(head('lora/aborted.safetensors')).rejects.toThrow();
    expect(
      (await access.client.send(new ListMultipartUploadsCommand({ Bucket: access.bucket }))).Uploads ?? [],
    ).toEqual([]);
  });

  it('says the same of a bucket that is not allowed, does not exist, or is closed to us', async () => {
    const files = [await file('ada.safetensors', 1_000)];
    const denying = createServer((_req, res) => {
      res.writeHead(403, { 'content-type': 'application/xml' });
      res.end('<Error><Code>AccessDenied</Code><Message>Access Denied: owned by somebody</Message></Error>');
    });
    await new Promise<void>((resolve) => denying.listen(0, '127.0.0.1', resolve));
    const endpoint = `http://127.0.0.1:${(denying.address() as AddressInfo).port}`;
    const there = await createTestBucket();
    const other = { destination: { bucket: there.bucket } };

    const refusals = await Promise.all(
      [
        publish({ files }, other),
        publish({ files }, { destination: { bucket: 'no-such-bucket-at-all' } }),
        publish({ files }, { destination: { bucket: 'no-such-bucket-here' } }),
        publish({ files }, { endpoint }),
      ].map((publishing) => publishing.catch((reason: unknown) => reason)),
    );
    denying.close();

    const sentence =
      's3:// cannot be used for publishing: it is not allowed, does not exist or is not open to this installation.';
    for (const refusal of refusals) {
      expect(refusal).toMatchObject({ code: 'PUBLISH_FAILED', retryable: false });
      expect((refusal as Error).message.replace(/s3:\/\/[a-z0-9-]+/, 's3://')).toBe(sentence);
    }
    expect((await there.client.send(new ListObjectsV2Command({ Bucket: there.bucket }))).KeyCount).toBe(0);
  });

  it('still says that the keys are wrong', async () => {
    const files = [await file('ada.safetensors', 1_000)];
    const credentials = { ...access.credentials, secretAccessKey: 'wrong' };
    const policy = { buckets: [access.bucket], namespaces: [] };
    const publisher = createS3Publisher({ ...access, credentials, policy });
    const subject = { ...SUBJECT, files };

    const publishing = publisher.publish({
      destination: { kind: 's3' },
      subject,
      store,
      signal: new AbortController().signal,
    });

    await expect(publishing).rejects.toMatchObject({ code: 'AUTH' });
  });

  it.each(['127.0.0.1', 'localhost'])('never publishes into the object store, reached as %s', async (host) => {
    const own = await createTestBucket();
    const objects = createS3Store(own);
    const bytes = randomBytes(1_000);
    const lora = {
      name: 'ada.safetensors',
      ...(await objects.put('trainings/t1/artifacts/a1/ada.safetensors', bytes)),
    };
    const photo = await objects.put('images/u2/photo', randomBytes(100));
    const endpoint = own.endpoint.replace('127.0.0.1', host);

    for (const key of [undefined, 'images/u2/photo', lora.key])
      await expect(
        publish(
          { files: [lora] },
          { from: objects, endpoint, buckets: [own.bucket], destination: key === undefined ? {} : { key } },
        ),
      ).rejects.toMatchObject({
        code: 'PUBLISH_FAILED',
        message: expect.stringContaining('cannot be used for publishing'),
      });

    expect(await objects.list('')).toEqual(['images/u2/photo', lora.key]);
    expect(await objects.head('images/u2/photo')).toEqual(photo);
  });

  it('believes the bytes and not the metadata of what lies at the key', async () => {
    const lora = await file('ada.safetensors', 1_000);
    await publish({ files: [lora], characterId: 'swapped' });
    const { Metadata } = await head('lora/swapped.safetensors');
    await access.client.send(
      new PutObjectCommand({
        Bucket: access.bucket,
        Key: 'lora/swapped.safetensors',
        Body: randomBytes(1_000),
        Metadata,
      }),
    );

    await expect(publish({ files: [lora], characterId: 'swapped' })).rejects.toMatchObject({ code: 'PUBLISH_FAILED' });
  });
});
