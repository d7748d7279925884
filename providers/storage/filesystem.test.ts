import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFilesystemStore } from './filesystem.ts';
import { objectStoreSuite } from './object-store.suite.ts';
import { verifySignedObjectUrl } from './signed-object-url.ts';

const SECRET = 'a secret of at least thirty-two characters';
let base: string;
let count = 0;

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'tempera-objects-'));
});
afterAll(() => rm(base, { recursive: true, force: true }));

function newStore(root = join(base, String(++count))) {
  return { root, store: createFilesystemStore({ root, secret: SECRET, publicUrl: 'http://127.0.0.1:8080' }) };
}

objectStoreSuite('the file system store', async () => newStore().store);

describe('createFilesystemStore', () => {
  it('leaves no partial file behind a source that breaks off', async () => {
    const { root, store } = newStore();
    const broken = Readable.from(
      (function* () {
        yield Buffer.alloc(3_000_000);
        throw new Error('lost');
      })(),
    );

    await expect(store.put('a', broken)).rejects.toThrow('lost');

    expect(await readdir(join(root, '~partial'))).toEqual([]);
  });

  it('never gives the hash of an earlier file: a file that was replaced behind its back is hashed anew', async () => {
    const { root, store } = newStore();
    await store.put('a/b', Buffer.from('before'));

    await writeFile(join(root, 'a/b'), 'after!');

    expect((await store.head('a/b'))?.sha256).toBe(createHash('sha256').update('after!').digest('hex'));
  });

  it.each(['missing', 'torn'])('recovers from a crash that left the hash record %s', async (how) => {
    const { root, store } = newStore();
    const stored = await store.put('a', Buffer.from('bytes'));

    if (how === 'missing') await rm(join(root, '~sha256/a'));
    else await writeFile(join(root, '~sha256/a'), (await readFile(join(root, '~sha256/a'), 'utf8')).slice(0, -20));

    expect(await store.head('a')).toEqual(stored);
    expect(await readFile(join(root, '~sha256/a'), 'utf8')).toContain(stored.sha256);
  });

  it('sweeps what a killed process left half-written a day ago, nothing younger', async () => {
    const { root, store } = newStore();
    await mkdir(join(root, '~partial'), { recursive: true });
    await writeFile(join(root, '~partial/old'), '');
    await writeFile(join(root, '~partial/young'), '');
    const dayAgo = new Date(Date.now() - 25 * 3_600_000);
    await utimes(join(root, '~partial/old'), dayAgo, dayAgo);

    await store.put('a', Buffer.from('x'));

    expect(await readdir(join(root, '~partial'))).toEqual(['young']);
  });

  it('tells where the plain file lies', async () => {
    const { store } = newStore();
    await store.put('a/b.safetensors', Buffer.from('weights'));

    expect(await readFile(store.localPath('a/b.safetensors'), 'utf8')).toBe('weights');
    expect(() => store.localPath('../x')).toThrow('not a key');
  });

  it('names the disk when it refuses', async () => {
    await writeFile(join(base, 'a-file'), '');
    const { store } = newStore(join(base, 'a-file'));

    await expect(store.put('a', Buffer.from('x'))).rejects.toMatchObject({ code: 'PROVIDER_UNAVAILABLE' });
    await expect(store.ping()).rejects.toMatchObject({ code: 'PROVIDER_UNAVAILABLE' });
  });
});

describe('signed URLs', () => {
  async function fields(filename?: string) {
    const url = new URL(
      await newStore().store.signedUrl('photos/a.jpg', { ttlSeconds: 60, ...(filename && { filename }) }),
    );
    expect(url.pathname).toBe('/v1/objects/photos/a.jpg');
    return {
      secret: SECRET,
      key: url.pathname.slice('/v1/objects/'.length),
      expires: Number(url.searchParams.get('expires')),
      filename: url.searchParams.get('filename') ?? undefined,
      signature: url.searchParams.get('signature') ?? '',
    };
  }

  it('verify until they expire', async () => {
    const signed = await fields('my photo.jpg');

    expect(signed.filename).toBe('my photo.jpg');
    expect(verifySignedObjectUrl(signed)).toBe(true);
    expect(verifySignedObjectUrl({ ...signed, now: signed.expires * 1_000 })).toBe(false);
  });

  it.each([
    ['key', { key: 'photos/b.jpg' }],
    ['time', { expires: 4_000_000_000 }],
    ['file name', { filename: 'other.jpg' }],
    ['no file name', { filename: undefined }],
    ['secret', { secret: 'another secret of thirty-two characters' }],
    ['signature', { signature: 'AAAA' }],
    ['no signature', { signature: '' }],
  ])('do not verify with another %s', async (_what, change) => {
    expect(verifySignedObjectUrl({ ...(await fields('a.jpg')), ...change })).toBe(false);
  });

  it('last seven days at most', async () => {
    await expect(newStore().store.signedUrl('a', { ttlSeconds: 604_801 })).rejects.toThrow(RangeError);
  });
});
