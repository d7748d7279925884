import { walkJpeg } from './jpeg-file.ts';
import type { Wholeness } from './jpeg-file.ts';
import type { PhotoMimeType } from './sniff.ts';

/**
 * What is wrong with a file that libvips may take all the same, as a sentence; null when nothing is known. libvips stops
 * reading after the last row, and codes of a JPEG mean something wherever one begins to read them.
 */
export function fileDamage(bytes: Uint8Array, mimeType: PhotoMimeType): string | null {
  const wholeness = wholenessOf(bytes, mimeType);
  return wholeness.status === 'damaged' ? `The file is damaged or incomplete (${wholeness.message}).` : null;
}

function wholenessOf(bytes: Uint8Array, mimeType: PhotoMimeType): Wholeness {
  switch (mimeType) {
    case 'image/jpeg':
      return walkJpeg(bytes);
    case 'image/png':
      return hasPngEnd(bytes) ? { status: 'whole' } : NO_END;
    case 'image/webp':
      return hasRiffEnd(bytes) ? { status: 'whole' } : NO_END;
    case 'image/avif':
    case 'image/tiff':
      return { status: 'unknown' };
  }
}

const NO_END: Wholeness = { status: 'damaged', message: 'its end is missing' };

/** Chunks are `length(4) type(4) data(length) checksum(4)`; the one called IEND is the last. What follows it does not matter. */
function hasPngEnd(bytes: Uint8Array): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 8; at + 12 <= bytes.length;) {
    if (view.getUint32(at + 4) === IEND) return true;
    at += 12 + view.getUint32(at);
  }
  return false;
}

const IEND = 0x49454e44;

/** The size stands behind the first four bytes and counts from behind itself. */
function hasRiffEnd(bytes: Uint8Array): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return bytes.length >= 8 && 8 + view.getUint32(4, true) <= bytes.length;
}
