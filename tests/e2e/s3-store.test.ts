/** The object store on a real S3 server: what every store must do, and what only S3 can get wrong. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import {
  DeleteObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { beforeAll, expect, it } from 'vitest';
import { objectStoreSuite } from '../../providers/storage/object-store.suite.ts';
import { createS3Store } from '../../providers/storage/s3.ts';
import { pullCommand } from '../../providers/trainers/ai-toolkit/pull-command.ts';
import { createTestBucket, describeS3 } from '../support/s3.ts';

describeS3('createS3Store', () => {
  let access: Awaited<ReturnType<typeof createTestBucket>>;
  const store = () => createS3Store(access);
  beforeAll(async () => {
    access = await createTestBucket();
  });

  objectStoreSuite('a bucket', async () => createS3Store(await createTestBucket()));

  it('keeps a hash that is known beforehand in the metadata, without a record', async () => {
    const bytes = Buffer.from('photo');

    const { sha256 } = await store().put('known', bytes);

    const { Metadata } = await access.client.send(new HeadObjectCommand({ Bucket: access.bucket, Key: 'known' }));
    expect(Metadata).toEqual({ sha256 });
    await expect(
      access.client.send(new HeadObjectCommand({ Bucket: access.bucket, Key: '~sha256/known' })),
    ).rejects.toThrow();
  });

  it.each(['missing', 'of an earlier object'])('finds the hash again when a crash left its record %s', async (how) => {
    const key = `crashed-${how.length}`;
    await store().put(key, Readable.from([Buffer.from('before')]));
    const record = { Bucket: access.bucket, Key: `~sha256/${key}` };

    if (how === 'missing') await access.client.send(new DeleteObjectCommand(record));
    else await access.client.send(new PutObjectCommand({ Bucket: access.bucket, Key: key, Body: 'after it' }));

    const expected = createHash('sha256')
      .update(how === 'missing' ? 'before' : 'after it')
      .digest('hex');
    expect((await store().head(key))?.sha256).toBe(expected);
    expect((await store().head(key))?.sha256).toBe(expected);
    expect(await store().list('')).not.toContain(`~sha256/${key}`);
  });

  it('leaves no part of an aborted upload behind', async () => {
    const stop = new AbortController();
    const source = new Readable({ read() {} });
    source.push(Buffer.alloc(20 * 1024 * 1024));

    const put = store().put('aborted', source, { signal: stop.signal });
    await wait(300);
    stop.abort(new Error('cancelled'));

    await expect(put).rejects.toThrow('cancelled');
    const { Uploads } = await access.client.send(new ListMultipartUploadsCommand({ Bucket: access.bucket }));
    expect(Uploads ?? []).toEqual([]);
  });

  it('signs URLs that the start command of a pod can fetch', async () => {
    const home = await mkdtemp(join(tmpdir(), 'tempera-s3-pull-'));
    const bytes = Buffer.alloc(3_000_000, 'weights');
    const { sha256 } = await store().put(
      'trainings/1/attempts/a1/checkpoints/lora_1.safetensors',
      Readable.from([bytes]),
    );
    const url = await store().signedUrl('trainings/1/attempts/a1/checkpoints/lora_1.safetensors', { ttlSeconds: 60 });
    const file = { filename: 'lora_1.safetensors', sizeBytes: bytes.length, sha256, url };

    const command = pullCommand({ jobName: 'lora_1', files: [file], trainingFolder: home, startScript: '/bin/true' });
    await promisify(execFile)(command[0]!, command.slice(1));

    const fetched = await readFile(join(home, 'lora_1', 'lora_1.safetensors'));
    await rm(home, { recursive: true });
    expect(fetched.equals(bytes)).toBe(true);
  });

  it('signs URLs that serve the bytes without credentials, under the given name', async () => {
    await store().put('signed', Buffer.from('bytes'));

    const url = await store().signedUrl('signed', { ttlSeconds: 60, filename: 'my lora.safetensors' });

    const answer = await fetch(url);
    expect(await answer.text()).toBe('bytes');
    expect(answer.headers.get('content-disposition')).toContain('my%20lora.safetensors');
    expect((await fetch(url.slice(0, -4))).status).toBeGreaterThanOrEqual(400);
  });

  it('says AUTH for a wrong key, without the key', async () => {
    const credentials = { ...access.credentials, secretAccessKey: 'wrong-secret-wrong-secret' };
    const error = await createS3Store({ ...access, credentials })
      .put('x', Buffer.from('x'))
      .catch((reason: unknown) => reason);

    expect(error).toMatchObject({ name: 'TemperaError', code: 'AUTH' });
    expect(JSON.stringify([String(error), error, String((error as Error).cause)])).not.toMatch(
      /wrong-secret|Signature=|StringToSign/,
    );
  });

  it('is not ready without its bucket', async () => {
    await expect(createS3Store({ ...access, bucket: 'no-such-bucket-here' }).ping()).rejects.toMatchObject({
      code: 'PROVIDER_UNAVAILABLE',
    });
  });

  it('says PROVIDER_UNAVAILABLE when nobody answers', async () => {
    const away = createS3Store({ ...access, endpoint: 'http://127.0.0.1:9' });

    await expect(away.ping()).rejects.toMatchObject({ code: 'PROVIDER_UNAVAILABLE' });
  });
});
