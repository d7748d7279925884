import { randomUUID } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { access, constants, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { addAbortSignal } from 'node:stream';
import { TemperaError } from '../../core/failure.ts';
import { hashFile, readHashRecord, writeHashRecord } from './hash-record.ts';
import { checkKey, checkPrefix } from './keys.ts';
import type { ByteSource, ObjectStore, PutOptions, StoredObject } from './object-store.ts';
import { signObjectUrl } from './signed-object-url.ts';
import { checkArrived, writeHashed } from './write-hashed.ts';

/** "~" occurs in no key, so these internal folders can be next to the objects. */
const PARTIAL = '~partial';
const SHA256 = '~sha256';
/** Half-written files of a killed process are removed once they are this old. Milliseconds. */
const PARTIAL_MAX_AGE_MS = 24 * 3_600_000;
/** Larger than a stream's default of 64 KiB: fewer trips to the thread pool per gigabyte. */
const READ_CHUNK_BYTES = 512 * 1024;

interface FilesystemStoreOptions {
  /** Folder for the objects; an object's path is its key. */
  readonly root: string;
  /** The app key, for signed URLs. */
  readonly secret: string;
  /** The API's address as clients see it. */
  readonly publicUrl: string;
}

/** Keeps objects as plain files: temporary file, fsync, rename. Throws PROVIDER_UNAVAILABLE when the disk refuses. */
export function createFilesystemStore({
  root,
  secret,
  publicUrl,
}: FilesystemStoreOptions): ObjectStore & { localPath(key: string): string } {
  const pathOf = (key: string) => {
    checkKey(key);
    return join(root, key);
  };
  const recordOf = (key: string) => join(root, SHA256, key);
  const temporary = () => join(root, PARTIAL, randomUUID());
  let swept: Promise<void> | undefined;

  async function put(key: string, body: ByteSource, options: PutOptions = {}): Promise<StoredObject> {
    const path = pathOf(key);
    await mkdir(join(root, PARTIAL), { recursive: true });
    await (swept ??= sweepPartial(join(root, PARTIAL)));
    await mkdir(dirname(path), { recursive: true });
    const partial = temporary();
    const file = await open(partial, 'wx');
    try {
      const arrived = await writeHashed(file, body, options);
      checkArrived(key, arrived, options);
      await file.sync();
      const stats = await file.stat({ bigint: true });
      await file.close();
      options.signal?.throwIfAborted();
      await rename(partial, path);
      await syncFolder(dirname(path));
      await writeHashRecord(recordOf(key), temporary(), stats, arrived.sha256);
      return { key, ...arrived };
    } catch (error) {
      await file.close();
      await rm(partial, { force: true });
      throw error;
    }
  }

  async function statObject(key: string): Promise<BigIntStats | null> {
    const stats = await orNull(stat(pathOf(key), { bigint: true }));
    return stats?.isFile() ? stats : null;
  }

  async function head(key: string, signal?: AbortSignal): Promise<StoredObject | null> {
    const stats = await statObject(key);
    if (!stats) return null;
    const known = await readHashRecord(recordOf(key), stats);
    if (known !== null) return { key, sizeBytes: Number(stats.size), sha256: known };
    const hashed = await hashFile(pathOf(key), signal);
    await mkdir(join(root, PARTIAL), { recursive: true });
    await writeHashRecord(recordOf(key), temporary(), hashed.stats, hashed.sha256);
    return { key, sizeBytes: Number(hashed.stats.size), sha256: hashed.sha256 };
  }

  const store: ObjectStore = {
    kind: 'filesystem',
    put,
    head,
    async get(key, { range, signal } = {}) {
      const file = await orNull(open(pathOf(key), 'r'));
      if (!file) return null;
      const stats = await file.stat();
      if (!stats.isFile() || (range && range.start >= stats.size)) {
        await file.close();
        if (!stats.isFile()) return null;
        throw new TemperaError('INTERNAL', `${key} has no byte ${range?.start}: it ends after ${stats.size} bytes`);
      }
      const body = file.createReadStream({ highWaterMark: READ_CHUNK_BYTES, ...range });
      if (signal) addAbortSignal(signal, body);
      return { body, sizeBytes: stats.size };
    },
    async delete(key) {
      await rm(pathOf(key), { force: true });
      await rm(recordOf(key), { force: true });
    },
    async list(prefix) {
      checkPrefix(prefix);
      const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1);
      const keys = await filesBelow(root, folder);
      return keys.filter((key) => key.startsWith(prefix)).sort();
    },
    async signedUrl(key, options) {
      checkKey(key);
      return signObjectUrl({ secret, publicUrl, key, ...options });
    },
    async ping() {
      await mkdir(root, { recursive: true });
      await access(root, constants.R_OK | constants.W_OK);
    },
  };
  return { ...withDiskErrors(store), localPath: pathOf };
}

/** Keys of all files below a folder of the store, without the internal folders. */
async function filesBelow(root: string, folder: string): Promise<string[]> {
  const entries = (await orNull(readdir(join(root, folder), { withFileTypes: true }))) ?? [];
  const keys: string[] = [];
  for (const entry of entries) {
    if (entry.name.startsWith('~')) continue;
    if (entry.isDirectory()) keys.push(...(await filesBelow(root, `${folder}${entry.name}/`)));
    else if (entry.isFile()) keys.push(folder + entry.name);
  }
  return keys;
}

async function orNull<T>(promise: Promise<T>): Promise<T | null> {
  return await promise.catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null;
    throw error;
  });
}

/** Makes a rename survive a power cut. Windows cannot open folders and needs no such call. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function sweepPartial(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const stats = await orNull(stat(join(folder, name)));
    if (stats && Date.now() - stats.mtimeMs > PARTIAL_MAX_AGE_MS) await rm(join(folder, name), { force: true });
  }
}

/** Gives every disk error a code of the failure policy; errors that already have one, and aborts, pass unchanged. */
function withDiskErrors(store: ObjectStore): ObjectStore {
  const guard =
    <Arguments extends unknown[], Result>(action: (...args: Arguments) => Promise<Result>) =>
    async (...args: Arguments): Promise<Result> => {
      try {
        return await action(...args);
      } catch (error) {
        const code = error instanceof Error && 'syscall' in error && 'code' in error ? String(error.code) : null;
        if (code === null) throw error;
        throw new TemperaError(
          'PROVIDER_UNAVAILABLE',
          `The object store’s disk failed: ${code}. Check its free space and permissions.`,
          { cause: error },
        );
      }
    };
  const { put, get, head, list, signedUrl, ping } = store;
  return {
    kind: store.kind,
    put: guard(put),
    get: guard(get),
    head: guard(head),
    delete: guard(store.delete),
    list: guard(list),
    signedUrl,
    ping: guard(ping),
  };
}
