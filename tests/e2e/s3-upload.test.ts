/** Uploads to a real S3 server: parts, checksums, what is signed, and that nothing is left of one that fails. */
import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import { GetObjectCommand, HeadObjectCommand, ListMultipartUploadsCommand, S3Client } from '@aws-sdk/client-s3';
import { beforeAll, describe, expect, it } from 'vitest';
import { createS3Client } from '../../providers/storage/s3-client.ts';
import { uploadToS3 } from '../../providers/storage/s3-upload.ts';
import { createTestBucket, describeS3 } from '../support/s3.ts';

const MIB = 1024 * 1024;

describeS3('uploadToS3', () => {
  let access: Awaited<ReturnType<typeof createTestBucket>>;
  beforeAll(async () => {
    access = await createTestBucket();
  });

  const read = async (Key: string) => {
    const { Body } = await access.client.send(new GetObjectCommand({ Bucket: access.bucket, Key }));
    return Buffer.from(await Body!.transformToByteArray());
  };
  const partsLeft = async () =>
    (await access.client.send(new ListMultipartUploadsCommand({ Bucket: access.bucket }))).Uploads ?? [];
  /** In pieces that fit no part. */
  const pieces = (bytes: Buffer, size = 100_003) =>
    Readable.from(
      Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
        bytes.subarray(index * size, (index + 1) * size),
      ),
    );

  it.each([0, 1, 8 * MIB - 1, 8 * MIB, 8 * MIB + 1, 16 * MIB, 61 * MIB + 5])(
    'stores %i bytes as they came, of a known size or not',
    async (sizeBytes) => {
      const bytes = randomBytes(sizeBytes);
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      for (const expected of [{}, { sizeBytes, sha256 }]) {
        const Key = `size-${sizeBytes}-${Object.keys(expected).length}`;
        const target = { Bucket: access.bucket, Key, ContentType: 'x/y', Metadata: { a: 'b' } };

        const stored = await uploadToS3({ client: access.client, target, body: pieces(bytes), expected });

        expect(stored).toMatchObject({ sizeBytes, sha256 });
        expect((await read(Key)).equals(bytes)).toBe(true);
        expect(await access.client.send(new HeadObjectCommand({ Bucket: access.bucket, Key }))).toMatchObject({
          ContentType: 'x/y',
          Metadata: { a: 'b' },
          ETag: stored.etag,
        });
      }
    },
  );

  it('announces checksums where the SDK makes them by default, as for AWS', async () => {
    const { endpoint, region, credentials, bucket: Bucket } = access;
    const client = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
    const bytes = randomBytes(20 * MIB);

    await uploadToS3({ client, target: { Bucket, Key: 'checked' }, body: pieces(bytes), expected: {} });

    const head = new HeadObjectCommand({ Bucket, Key: 'checked', ChecksumMode: 'ENABLED' });
    expect((await client.send(head)).ChecksumCRC32).toBeDefined();
    expect((await read('checked')).equals(bytes)).toBe(true);
    client.destroy();
  });

  it.each([
    ['too many bytes', { sizeBytes: 9 * MIB }],
    ['too few', { sizeBytes: 21 * MIB }],
    ['others than announced', { sizeBytes: 20 * MIB, sha256: '0'.repeat(64) }],
  ])('keeps nothing of %s', async (_what, expected) => {
    const target = { Bucket: access.bucket, Key: 'wrong' };

    await expect(
      uploadToS3({ client: access.client, target, body: pieces(randomBytes(20 * MIB)), expected }),
    ).rejects.toMatchObject({ code: 'ARTIFACT_INVALID' });

    expect(await partsLeft()).toEqual([]);
    await expect(read('wrong')).rejects.toThrow();
  });

  it('reads no further than announced', async () => {
    let given = 0;
    const endless = new Readable({
      read() {
        given += MIB;
        this.push(Buffer.alloc(MIB));
      },
    });

    await expect(
      uploadToS3({
        client: access.client,
        target: { Bucket: access.bucket, Key: 'endless' },
        body: endless,
        expected: { sizeBytes: 10 },
      }),
    ).rejects.toMatchObject({ code: 'ARTIFACT_INVALID' });

    expect(given).toBeLessThan(10 * MIB);
  });

  it('gives a source up that is silent, as soon as a part cannot be sent', async () => {
    const source = new Readable({ read() {} });
    source.push(randomBytes(40 * MIB));

    const upload = uploadToS3({
      client: access.client,
      target: { Bucket: `${access.bucket}-none`, Key: 'nowhere' },
      body: source,
      expected: {},
    });

    await expect(upload).rejects.toMatchObject({ name: 'NoSuchBucket' });
    expect(source.destroyed).toBe(true);
  });

  it('holds few parts at a time, however slow the server', async () => {
    let under = 0;
    let most = 0;
    const slow = Object.create(access.client, {
      send: {
        value: async (command: object, options: object) => {
          if (command.constructor.name !== 'UploadPartCommand')
            return await access.client.send(command as never, options);
          under += 1;
          most = Math.max(most, under);
          await wait(50);
          under -= 1;
          return await access.client.send(command as never, options);
        },
      },
    }) as S3Client;
    const bytes = randomBytes(100 * MIB);

    await uploadToS3({
      client: slow,
      target: { Bucket: access.bucket, Key: 'slow' },
      body: pieces(bytes),
      expected: {},
    });

    expect(most).toBe(4);
    expect((await read('slow')).equals(bytes)).toBe(true);
  });
});

describe('what a request signs', () => {
  /** The headers of a request that is sent to nobody. */
  async function headersTo(endpoint: string): Promise<Record<string, string>> {
    const client = createS3Client({
      endpoint,
      region: 'us-east-1',
      credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    });
    let headers: Record<string, string> = {};
    client.middlewareStack.add(
      () => async (args) => {
        headers = (args.request as { headers: Record<string, string> }).headers;
        return { response: {}, output: { $metadata: {} } };
      },
      { step: 'deserialize', priority: 'high' },
    );
    await uploadToS3({ client, target: { Bucket: 'b', Key: 'k' }, body: Buffer.from('bytes'), expected: {} });
    return headers;
  }

  it('is the body’s hash without TLS, and not with it: TLS guards it, and hashing twice halves the speed', async () => {
    const hash = createHash('sha256').update('bytes').digest('hex');

    expect((await headersTo('http://s3.test'))['x-amz-content-sha256']).toBe(hash);
    expect(await headersTo('https://s3.test')).toMatchObject({
      'x-amz-content-sha256': 'UNSIGNED-PAYLOAD',
      authorization: expect.stringContaining('x-amz-content-sha256'),
    });
  });
});
