import { open, readFile } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { readStoredZip, zipFrame } from '../core/stored-zip.ts';
import type { Momentum } from './learner.ts';

// torch.save writes a zip archive with uncompressed entries, and so does this; instead of pickled tensors it holds one
// JSON, and a filler that gives the file its size. https://docs.pytorch.org/docs/stable/notes/serialization.html
const STATE_NAME = 'optimizer/emulated.json';
const FILLER_NAME = 'optimizer/data/0';
const READER = 'PytorchStreamReader failed reading zip archive:';
const FILLER = Buffer.alloc(1024 * 1024, 'emulated momentum ');

export type OptimizerFile =
  | { status: 'absent' }
  /** `text` is what torch.load says of such a file. */
  | { status: 'unreadable'; text: string }
  /** `isWhole` false: the bytes are not those that were saved; torch loads them all the same. */
  | { status: 'read'; momentum: Momentum; isWhole: boolean };

/** Writes the momentum into a file of `sizeBytes`, in place: a reader may find it half written. */
export async function writeOptimizer(params: {
  path: string;
  momentum: Momentum;
  sizeBytes: number;
  /** Awaited before each of about eight parts, so that the file visibly grows. */
  pause?: (() => Promise<void>) | undefined;
}): Promise<void> {
  const { path, sizeBytes, pause } = params;
  const state = Buffer.from(JSON.stringify({ emulated: true, ...params.momentum }));
  const stateEntry = { name: STATE_NAME, sizeBytes: state.length, crc32: crc32(state) };
  const bare = zipFrame([stateEntry, { name: FILLER_NAME, sizeBytes: 0, crc32: 0 }]);
  const fillerBytes = Math.max(0, sizeBytes - Buffer.concat([...bare.headers, state, bare.directory]).length);
  const chunks = fillerChunks(fillerBytes, pause ? Math.ceil(sizeBytes / 8) : FILLER.length);
  const fillerCrc = chunks.reduce((crc, chunk) => crc32(chunk, crc), 0);
  const frame = zipFrame([stateEntry, { name: FILLER_NAME, sizeBytes: fillerBytes, crc32: fillerCrc }]);

  const [stateHeader = Buffer.alloc(0), fillerHeader = Buffer.alloc(0)] = frame.headers;
  const file = await open(path, 'w');
  try {
    await file.write(Buffer.concat([stateHeader, state, fillerHeader]));
    for (const chunk of chunks) {
      await pause?.();
      await file.write(chunk);
    }
    await file.write(frame.directory);
  } finally {
    await file.close();
  }
}

function fillerChunks(sizeBytes: number, chunkBytes: number): Buffer[] {
  const chunk = Math.min(FILLER.length, chunkBytes);
  return Array.from({ length: Math.ceil(sizeBytes / chunk) }, (_, index) =>
    FILLER.subarray(0, Math.min(chunk, sizeBytes - index * chunk)),
  );
}

/** Reads it back like torch.load: the archive must be complete; no checksum is compared. */
export async function readOptimizer(path: string): Promise<OptimizerFile> {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
  if (bytes === undefined) return { status: 'absent' };
  if (bytes.length === 0) return { status: 'unreadable', text: 'Ran out of input' };
  if (bytes.toString('latin1', 0, 2) !== 'PK')
    return { status: 'unreadable', text: `invalid load key, '${bytes.toString('latin1', 0, 1)}'.` };
  try {
    const entries = readStoredZip(bytes);
    if (entries === undefined) throw new RangeError('no directory');
    const state = entries.find(({ name }) => name === STATE_NAME)?.bytes ?? Buffer.alloc(0);
    const momentum = JSON.parse(state.toString('utf8')) as Momentum;
    return { status: 'read', momentum, isWhole: entries.every((entry) => crc32(entry.bytes) === entry.crc32) };
  } catch (error) {
    if (error instanceof RangeError)
      return { status: 'unreadable', text: `${READER} failed finding central directory` };
    if (error instanceof SyntaxError) return { status: 'unreadable', text: `${READER} file in archive is corrupted` };
    throw error;
  }
}
