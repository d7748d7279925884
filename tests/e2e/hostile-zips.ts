/** Zips that are small on the wire and large, or otherwise a trap, when they are unpacked. */
import { zip } from './api-files.ts';
import type { ZipEntry } from './api-files.ts';

export interface HostileZip {
  readonly what: string;
  readonly code: 'ZIP_BOMB' | 'UNSAFE_ZIP' | 'NO_PHOTOS';
  readonly bytes: Buffer;
}

export function hostileZips(photo: Buffer): HostileZip[] {
  const good: ZipEntry = { name: 'good.jpg', bytes: photo };
  const flat = Buffer.alloc(1_000_000);
  const many = (count: number, entry: Omit<ZipEntry, 'name'>): ZipEntry[] =>
    Array.from({ length: count }, (_, i) => ({ name: `${i}.jpg`, ...entry }));
  return [
    { what: '2 MB with 2 GB in small entries', code: 'ZIP_BOMB', bytes: zip([good, ...many(1_990, { bytes: flat })]) },
    {
      what: 'small entries that say even less of themselves',
      code: 'ZIP_BOMB',
      bytes: zip([good, ...many(1_990, { bytes: flat, claimedSize: 900 })]),
    },
    { what: 'entries that share their bytes', code: 'ZIP_BOMB', bytes: overlapping(photo) },
    { what: 'an entry longer than the zip', code: 'ZIP_BOMB', bytes: withPackedSize(zip([good]), 1_000_000_000) },
    { what: '2,001 entries', code: 'ZIP_BOMB', bytes: zip(many(2_001, { bytes: Buffer.alloc(1) })) },
    {
      what: 'a zip in a zip in a zip',
      code: 'NO_PHOTOS',
      bytes: zip([{ name: 'b.zip', bytes: zip([{ name: 'a.zip', bytes: zip([good]) }]) }]),
    },
  ];
}

const CENTRAL = Buffer.from('PK\x01\x02', 'latin1');

/** Both names lead to the first photo; the second one's own bytes lie there unused. */
function overlapping(photo: Buffer): Buffer {
  const bytes = zip([
    { name: 'a.jpg', bytes: photo },
    { name: 'b.jpg', bytes: photo },
  ]);
  const second = bytes.indexOf(CENTRAL, bytes.indexOf(CENTRAL) + 4);
  bytes.writeUInt32LE(0, second + 42);
  return bytes;
}

function withPackedSize(bytes: Buffer, packedSize: number): Buffer {
  const changed = Buffer.from(bytes);
  changed.writeUInt32LE(packedSize, changed.indexOf(CENTRAL) + 20);
  return changed;
}
