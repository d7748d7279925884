/**
 * Unpacks a zip into an intake. A zip that tries a trick (paths that leave the folder, bombs, encryption) is refused as
 * a whole.
 */
import { openPromise } from 'yauzl';
import type { Entry, ZipFile } from 'yauzl';
import { ApiError } from '../errors.ts';
import type { Intake } from './intake.ts';
import { UPLOAD_LIMITS } from './limits.ts';

/** What archivers add on their own; nobody wants to read about it. */
const JUNK = /(^|\/)(__MACOSX\/|\.DS_Store$|Thumbs\.db$|desktop\.ini$)/;
const SYMLINK = 0o120_000;
const FILE_TYPE = 0o170_000;
/** Below this size a ratio says nothing. */
const RATIO_FLOOR_BYTES = 1_000_000;

export function isZip(head: Buffer): boolean {
  return head.length >= 4 && head.readUInt32BE(0) === 0x504b0304;
}

interface ZipOnDisk {
  readonly path: string;
  readonly filename: string;
  readonly bytes: number;
  /** Tells this zip's entries from those of another. */
  readonly source: string;
}

/** Adds every photo and caption of a zip. Throws ApiError 422 UNSAFE_ZIP, ZIP_BOMB or BAD_ZIP. */
export async function unpackZip(zip: ZipOnDisk, intake: Intake): Promise<void> {
  let file: ZipFile | undefined;
  try {
    file = await openPromise(zip.path, { autoClose: false, strictFileNames: true, validateEntrySizes: true });
    if (file.entryCount > UPLOAD_LIMITS.zipEntries)
      throw bomb(zip, `it has more than ${UPLOAD_LIMITS.zipEntries} entries`);
    const totals = { packed: 0, unpacked: 0 };
    for await (const entry of file.eachEntry()) {
      checkEntry(zip, entry, totals);
      await addEntry(zip, file, entry, intake);
    }
  } catch (error) {
    throw error instanceof Error && !isSystemError(error) && !(error instanceof ApiError)
      ? asZipError(zip, error)
      : error;
  } finally {
    file?.close();
  }
}

function checkEntry(zip: ZipOnDisk, entry: Entry, totals: { packed: number; unpacked: number }): void {
  const { compressedSize, uncompressedSize } = entry;
  totals.packed += compressedSize;
  totals.unpacked += uncompressedSize;
  if (entry.isEncrypted()) throw unsafe(zip, 'it is encrypted');
  if (totals.packed > zip.bytes) throw bomb(zip, 'its entries overlap');
  if (totals.unpacked > UPLOAD_LIMITS.unpackedBytes) throw bomb(zip, 'it unpacks to more than 2 GB');
  if (uncompressedSize > RATIO_FLOOR_BYTES && uncompressedSize > compressedSize * UPLOAD_LIMITS.zipRatio) {
    throw bomb(zip, `an entry is compressed to less than 1/${UPLOAD_LIMITS.zipRatio} of its size`);
  }
}

async function addEntry(zip: ZipOnDisk, file: ZipFile, entry: Entry, intake: Intake): Promise<void> {
  const name = entry.fileName;
  if (name.endsWith('/') || JUNK.test(name)) return;
  if (((entry.externalFileAttributes >>> 16) & FILE_TYPE) === SYMLINK) throw unsafe(zip, 'it contains a symbolic link');
  if (!entry.canDecodeFileData())
    return intake.reject(name, 'UNSUPPORTED_COMPRESSION', 'This entry uses an unsupported compression method.');
  if (entry.uncompressedSize > UPLOAD_LIMITS.photoBytes)
    return intake.reject(name, 'TOO_LARGE', 'A photo may be at most 30 MB.');
  await intake.add({ name, source: zip.source, stream: await file.openReadStreamPromise(entry) });
}

/** yauzl tells its refusals apart only by their texts (3.4). */
function asZipError(zip: ZipOnDisk, error: Error): ApiError {
  if (/invalid relative path|absolute path|invalid characters in fileName/.test(error.message))
    return unsafe(zip, 'it contains a path that leads out of its folder');
  if (/too many bytes in the stream/.test(error.message)) return bomb(zip, 'an entry is larger than it says');
  return new ApiError(422, 'BAD_ZIP', `${zip.filename} cannot be read as a zip.`, { cause: error });
}

function unsafe(zip: ZipOnDisk, why: string): ApiError {
  return new ApiError(422, 'UNSAFE_ZIP', `${zip.filename} was refused: ${why}.`);
}

function bomb(zip: ZipOnDisk, why: string): ApiError {
  return new ApiError(422, 'ZIP_BOMB', `${zip.filename} was refused: ${why}.`);
}

/** Errors of the disk are ours, not the zip's. */
function isSystemError(error: Error): boolean {
  return 'syscall' in error;
}
