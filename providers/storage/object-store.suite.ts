/** What every object store must do, whatever it is made of. Run by filesystem.test.ts and tests/e2e/s3-store.test.ts. */
import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import type { ObjectStore } from './object-store.ts';

/** Longer than one part of a multipart upload, so that both ways of an S3 store are taken. */
const LARGE_BYTES = 40 * 1024 * 1024;

export function objectStoreSuite(name: string, open: () => Promise<ObjectStore>): void {
  describe(`${name} as an object store`, () => {
    it('gives back the bytes, the size and the hash that were put', async () => {
      const store = await open();
      const bytes = randomBytes(300_000);

      const stored = await store.put('photos/a.jpg', bytes, { contentType: 'image/jpeg' });

      expect(stored).toEqual({ key: 'photos/a.jpg', sizeBytes: bytes.length, sha256: sha256(bytes) });
      expect(await store.head('photos/a.jpg')).toEqual(stored);
      expect((await read(store, 'photos/a.jpg')).equals(bytes)).toBe(true);
    });

    it('stores a large stream of unknown length and counts every byte', async () => {
      const store = await open();
      const bytes = randomBytes(LARGE_BYTES);
      let counted = 0;

      const stored = await store.put('large', chunked(bytes), { onBytes: (count) => (counted += count) });

      expect(stored).toEqual({ key: 'large', sizeBytes: LARGE_BYTES, sha256: sha256(bytes) });
      expect(counted).toBe(LARGE_BYTES);
      expect(await store.head('large')).toEqual(stored);
      expect(sha256(await read(store, 'large'))).toBe(stored.sha256);
    });

    it('stores an empty object', async () => {
      const store = await open();

      const stored = await store.put('empty', Readable.from([]));

      expect(await store.head('empty')).toEqual(stored);
      expect(await read(store, 'empty')).toHaveLength(0);
    });

    it('answers null for what is not there', async () => {
      const store = await open();

      expect(await store.get('nothing/here')).toBeNull();
      expect(await store.head('nothing/here')).toBeNull();
    });

    it('replaces an object, hash included', async () => {
      const store = await open();
      await store.put('twice', Buffer.from('first'));

      const second = await store.put('twice', Readable.from([Buffer.from('the second')]));

      expect(await store.head('twice')).toEqual(second);
      expect((await read(store, 'twice')).toString()).toBe('the second');
    });

    it('reads a range, clipped at the end', async () => {
      const store = await open();
      await store.put('range', Buffer.from('0123456789'));

      const middle = await store.get('range', { range: { start: 2, end: 4 } });
      const tail = await store.get('range', { range: { start: 8, end: 99 } });

      expect((await buffer(middle!.body)).toString()).toBe('234');
      expect(middle!.sizeBytes).toBe(10);
      expect((await buffer(tail!.body)).toString()).toBe('89');
      await expect(store.get('range', { range: { start: 10, end: 11 } })).rejects.toMatchObject({
        name: 'TemperaError',
      });
    });

    it.each([
      ['another size', { sizeBytes: 6 }],
      ['another hash', { sha256: sha256(Buffer.from('else')) }],
    ])('refuses a body of %s and keeps what was there', async (_what, expected) => {
      const store = await open();
      await store.put('kept', Buffer.from('the good one'));

      await expect(store.put('kept', Readable.from([Buffer.from('bytes')]), expected)).rejects.toMatchObject({
        code: 'ARTIFACT_INVALID',
        retryable: true,
      });

      expect((await read(store, 'kept')).toString()).toBe('the good one');
    });

    it.each([1_000, LARGE_BYTES])('stores nothing when the source breaks off after %i bytes', async (after) => {
      const store = await open();

      const put = store.put('broken', breaking(after));

      await expect(put).rejects.toMatchObject({ code: 'PROVIDER_UNAVAILABLE', retryable: true });
      expect(await store.head('broken')).toBeNull();
      expect(await store.list('broken')).toEqual([]);
    });

    it('stops at once when aborted with a source that stands still, and stores nothing', async () => {
      const store = await open();
      const stop = new AbortController();
      const source = new Readable({ read() {} });
      source.push(randomBytes(20 * 1024 * 1024));

      let begin = () => {};
      const begun = new Promise<void>((resolve) => (begin = resolve));

      const put = store.put('aborted', source, { signal: stop.signal, onBytes: () => begin() });
      await begun;
      stop.abort(new Error('cancelled by a person'));

      await expect(put).rejects.toThrow('cancelled by a person');
      expect(source.destroyed).toBe(true);
      expect(await store.head('aborted')).toBeNull();
    });

    it('takes no body under a signal that is aborted already', async () => {
      const store = await open();

      await expect(
        store.put('late', Buffer.from('x'), { signal: AbortSignal.abort(new Error('too late')) }),
      ).rejects.toThrow('too late');

      expect(await store.head('late')).toBeNull();
    });

    it('deletes, also what is not there', async () => {
      const store = await open();
      await store.put('gone', Buffer.from('x'));

      await store.delete('gone');
      await store.delete('gone');

      expect(await store.head('gone')).toBeNull();
      expect(await store.list('gone')).toEqual([]);
    });

    it('lists keys by prefix, sorted', async () => {
      const store = await open();
      for (const key of ['t/2/b', 't/10/a', 't/2/a', 't/2/deep/x', 'u'])
        await store.put(`list/${key}`, Buffer.from(key));

      expect(await store.list('list/t/2/')).toEqual(['list/t/2/a', 'list/t/2/b', 'list/t/2/deep/x']);
      expect(await store.list('list/t/')).toEqual(['list/t/10/a', 'list/t/2/a', 'list/t/2/b', 'list/t/2/deep/x']);
      expect(await store.list('list/t/2/d')).toEqual(['list/t/2/deep/x']);
      expect(await store.list('list/none/')).toEqual([]);
    });

    it.each(['../up', '/absolute', 'a//b', 'a/../b', 'a/./b', '', 'a/', 'a\\b', 'a b', '~partial/x', 'ü'])(
      'refuses the key %j',
      async (key) => {
        const store = await open();

        await expect(store.put(key, Buffer.from('x'))).rejects.toMatchObject({ code: 'INTERNAL' });
        await expect(store.get(key)).rejects.toMatchObject({ code: 'INTERNAL' });
        await expect(store.delete(key)).rejects.toMatchObject({ code: 'INTERNAL' });
      },
    );

    it('leaves a whole object when two writers race', async () => {
      const store = await open();
      const bodies = [randomBytes(2_000_000), randomBytes(1_000_000)];

      await Promise.all(bodies.map((body) => store.put('race', chunked(body))));

      const bytes = await read(store, 'race');
      expect(bodies.map(sha256)).toContain(sha256(bytes));
      expect(await store.head('race')).toEqual({ key: 'race', sizeBytes: bytes.length, sha256: sha256(bytes) });
    });

    it('can be reached', async () => {
      const store = await open();

      await expect(store.ping()).resolves.toBeUndefined();
    });
  });
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

async function read(store: ObjectStore, key: string): Promise<Buffer> {
  const object = await store.get(key);
  if (!object) throw new Error(`${key} is not there`);
  const bytes = await buffer(object.body);
  expect(object.sizeBytes).toBe(bytes.length);
  return bytes;
}

function chunked(bytes: Buffer): Readable {
  return Readable.from(
    (function* () {
      for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536);
    })(),
  );
}

function breaking(after: number): Readable {
  return Readable.from(
    (function* () {
      for (let sent = 0; sent < after; sent += 65_536) yield Buffer.alloc(Math.min(65_536, after - sent));
      throw new Error('connection lost');
    })(),
  );
}
