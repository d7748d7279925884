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
/** Below this size the ratio of one entry says nothing. */
const RATIO_FLOOR_BYTES = 1_000_000;
/** In front of each entry's data; names and extra fields come on top. */
const LOCAL_HEADER_BYTES = 30;

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

/**
 * Adds every photo and caption of a zip. The directory is judged as a whole before anything is unpacked, and then what really
 * comes out is counted. Throws ApiError 422 UNSAFE_ZIP, ZIP_BOMB or BAD_ZIP.
 */
export async function unpackZip(zip: ZipOnDisk, intake: Intake): Promise<void> {
  let file: ZipFile | undefined;
  try {
    file = await openPromise(zip.path, { autoClose: false, strictFileNames: true, validateEntrySizes: true });
    if (file.entryCount > UPLOAD_LIMITS.zipEntries)
      throw bomb(zip, `it has more than ${UPLOAD_LIMITS.zipEntries} entries`);
    const entries: Entry[] = [];
    for await (const entry of file.eachEntry()) entries.push(entry);
    checkDirectory(zip, entries);
    const count = createCounter(zip);
    const names = new Set<string>();
    for (const entry of entries) {
      if (names.has(entry.fileName))
        intake.reject(entry.fileName, 'DUPLICATE_NAME', `${zip.filename} has another file of this name.`);
      else await addEntry(zip, { file, entry, count }, intake);
      names.add(entry.fileName);
    }
  } catch (error) {
    throw error instanceof Error && !isSystemError(error) && !(error instanceof ApiError)
      ? asZipError(zip, error)
      : error;
  } finally {
    file?.close();
  }
}

/** What the directory says; that less can come out than it says is no harm. */
function checkDirectory(zip: ZipOnDisk, entries: readonly Entry[]): void {
  const count = createCounter(zip);
  let end = 0;
  for (const entry of entries.toSorted((a, b) => a.relativeOffsetOfLocalHeader - b.relativeOffsetOfLocalHeader)) {
    const { compressedSize, uncompressedSize, relativeOffsetOfLocalHeader: start } = entry;
    if (entry.isEncrypted()) throw unsafe(zip, 'it is encrypted');
    if (isSymlink(entry)) throw unsafe(zip, 'it contains a symbolic link');
    if (start < end) throw bomb(zip, 'its entries overlap');
    end = start + LOCAL_HEADER_BYTES + compressedSize;
    if (uncompressedSize > RATIO_FLOOR_BYTES && uncompressedSize > compressedSize * UPLOAD_LIMITS.zipEntryRatio)
      throw bomb(zip, `an entry is compressed to less than 1/${UPLOAD_LIMITS.zipEntryRatio} of its size`);
    count(uncompressedSize);
  }
  if (end > zip.bytes) throw bomb(zip, 'its entries are longer than the zip');
}

/** Counts unpacked bytes of the whole zip. Throws ApiError 422 ZIP_BOMB. */
function createCounter(zip: ZipOnDisk): (bytes: number) => void {
  const { unpackedBytes, zipRatio, zipRatioFloorBytes } = UPLOAD_LIMITS;
  let unpacked = 0;
  return (bytes) => {
    unpacked += bytes;
    if (unpacked > unpackedBytes) throw bomb(zip, 'it unpacks to more than 2 GB');
    if (unpacked > zipRatioFloorBytes + zipRatio * zip.bytes)
      throw bomb(zip, `it is compressed to less than 1/${zipRatio} of its size`);
  };
}

async function addEntry(
  zip: ZipOnDisk,
  { file, entry, count }: { file: ZipFile; entry: Entry; count: (bytes: number) => void },
  intake: Intake,
): Promise<void> {
  const name = entry.fileName;
  if (name.endsWith('/') || JUNK.test(name)) return;
  if (!entry.canDecodeFileData())
    return intake.reject(name, 'UNSUPPORTED_COMPRESSION', 'This entry uses an unsupported compression method.');
  if (entry.uncompressedSize > UPLOAD_LIMITS.photoBytes)
    return intake.reject(name, 'TOO_LARGE', 'A photo may be at most 30 MB.');
  await intake.add({ name, source: zip.source, stream: await file.openReadStreamPromise(entry), onBytes: count });
}

function isSymlink({ externalFileAttributes }: Entry): boolean {
  return ((externalFileAttributes >>> 16) & FILE_TYPE) === SYMLINK;
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
