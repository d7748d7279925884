/** An entry of an uncompressed zip archive, without its bytes. */
export interface ZipEntry {
  name: string;
  sizeBytes: number;
  crc32: number;
}

const LOCAL_BYTES = 30;
const CENTRAL_BYTES = 46;
const END_BYTES = 22;

// Signatures and offsets: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT (6.3.10), sections 4.3.7, 4.3.12,
// 4.3.16.
const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;

/** Everything but the bytes of the entries: a header to write before each, and the directory to write after all. */
export function zipFrame(entries: readonly ZipEntry[]): { headers: Buffer[]; directory: Buffer } {
  const headers = entries.map((entry) => localHeader(entry));
  let offset = 0;
  const central = entries.map((entry, index) => {
    const header = centralHeader(entry, offset);
    offset += (headers[index]?.length ?? 0) + entry.sizeBytes;
    return header;
  });
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(END_BYTES);
  end.writeUInt32LE(END, 0);
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return { headers, directory: Buffer.concat([directory, end]) };
}

/**
 * The entries with their bytes; undefined when the archive has no end, because it was cut off. Throws RangeError on
 * wild offsets.
 */
export function readStoredZip(bytes: Buffer): (ZipEntry & { bytes: Buffer })[] | undefined {
  const end = bytes.length - END_BYTES;
  if (end < 0 || bytes.readUInt32LE(end) !== END) return undefined;
  const entries: (ZipEntry & { bytes: Buffer })[] = [];
  let at = bytes.readUInt32LE(end + 16);
  for (let left = bytes.readUInt16LE(end + 10); left > 0; left -= 1) {
    const nameBytes = bytes.readUInt16LE(at + 28);
    const sizeBytes = bytes.readUInt32LE(at + 24);
    const start = bytes.readUInt32LE(at + 42) + LOCAL_BYTES + nameBytes;
    entries.push({
      name: bytes.toString('utf8', at + CENTRAL_BYTES, at + CENTRAL_BYTES + nameBytes),
      sizeBytes,
      crc32: bytes.readUInt32LE(at + 16),
      bytes: bytes.subarray(start, start + sizeBytes),
    });
    at += CENTRAL_BYTES + nameBytes;
  }
  return entries;
}

function localHeader(entry: ZipEntry): Buffer {
  const header = Buffer.alloc(LOCAL_BYTES);
  header.writeUInt32LE(LOCAL, 0);
  header.writeUInt16LE(20, 4);
  header.writeUInt32LE(entry.crc32, 14);
  header.writeUInt32LE(entry.sizeBytes, 18);
  header.writeUInt32LE(entry.sizeBytes, 22);
  header.writeUInt16LE(entry.name.length, 26);
  return Buffer.concat([header, Buffer.from(entry.name)]);
}

function centralHeader(entry: ZipEntry, offset: number): Buffer {
  const header = Buffer.alloc(CENTRAL_BYTES);
  header.writeUInt32LE(CENTRAL, 0);
  header.writeUInt16LE(20, 4);
  header.writeUInt16LE(20, 6);
  header.writeUInt32LE(entry.crc32, 16);
  header.writeUInt32LE(entry.sizeBytes, 20);
  header.writeUInt32LE(entry.sizeBytes, 24);
  header.writeUInt16LE(entry.name.length, 28);
  header.writeUInt32LE(offset, 42);
  return Buffer.concat([header, Buffer.from(entry.name)]);
}
