/** Photos and zips for tests of the API. */
import { randomBytes } from 'node:crypto';
import { crc32, deflateRawSync } from 'node:zlib';
import sharp from 'sharp';

/** A JPEG that no other call gives: noise in a colour of chance. */
export async function photo(side = 600): Promise<Buffer> {
  const small = randomBytes(24 * 24 * 3);
  return sharp(small, { raw: { width: 24, height: 24, channels: 3 } })
    .resize(side, side)
    .jpeg({ quality: 80 })
    .toBuffer();
}

export interface ZipEntry {
  readonly name: string;
  readonly bytes: Buffer;
  /** Size that the zip claims; the real one when absent. */
  readonly claimedSize?: number;
  readonly encrypted?: boolean;
  readonly symlink?: boolean;
}

/** Writes a zip by hand, since libraries refuse to write the bad ones. */
export function zip(entries: readonly ZipEntry[]): Buffer {
  const locals: Buffer[] = [];
  const centrals: Buffer[] = [];
  let offset = 0;
  for (const { name, bytes, claimedSize = bytes.length, encrypted = false, symlink = false } of entries) {
    const packed = deflateRawSync(bytes);
    const nameBytes = Buffer.from(name);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE((encrypted ? 1 : 0) | 0x800, 2);
    common.writeUInt16LE(8, 4);
    common.writeUInt32LE(crc32(bytes), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(claimedSize, 18);
    common.writeUInt16LE(nameBytes.length, 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), common, nameBytes, packed]);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(symlink ? (0o120_777 << 16) >>> 0 : 0, 6);
    tail.writeUInt32LE(offset, 10);
    centrals.push(Buffer.concat([Buffer.from('PK\x01\x02', 'latin1'), Buffer.from([20, 3]), common, tail, nameBytes]));
    locals.push(local);
    offset += local.length;
  }
  const central = Buffer.concat(centrals);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 0, 'latin1');
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...locals, central, end]);
}
