import { LIMITS } from '../limits.ts';
import { createParts, damaged, unsafe } from './container.ts';

/** ANIM and ANMF stay, so that a moving picture is told as one. */
const KEPT = new Set(['VP8 ', 'VP8L', 'VP8X', 'ALPH', 'ICCP', 'EXIF', 'ANIM', 'ANMF']);
/** Bit of VP8X's first byte that announces XMP. */
const HAS_XMP = 0x04;

/**
 * The WebP without XMP, unknown chunks and what follows its end. `RIFF size(4) WEBP`, then chunks `type(4) size(4)
 * data` that are filled up to even lengths; numbers are little-endian. Throws RefusedPicture.
 */
export function webpWithoutExtras(bytes: Uint8Array): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const riffEnd = bytes.length < 12 ? Infinity : 8 + view.getUint32(4, true);
  if (riffEnd > bytes.length) throw damaged('its end is missing');
  const parts = createParts(bytes);
  parts.keep(0, 12);
  let chunks = 0;
  let flagsAt = -1;
  let kept = 12;
  for (let at = 12; at < riffEnd;) {
    if (at + 8 > riffEnd) throw damaged('its end is missing');
    const length = view.getUint32(at + 4, true);
    // Some writers leave the filling byte of the last chunk out.
    const end = Math.min(at + 8 + length + (length & 1), riffEnd);
    if (at + 8 + length > riffEnd) throw damaged('its end is missing');
    if (++chunks > LIMITS.maxChunks) throw unsafe(`it consists of more than ${LIMITS.maxChunks} parts`);
    const type = String.fromCharCode(bytes[at]!, bytes[at + 1]!, bytes[at + 2]!, bytes[at + 3]!);
    if (type === 'EXIF' && length > LIMITS.maxExifBytes) throw unsafe('its EXIF data are larger than 1 MB');
    if (type === 'ICCP' && length > LIMITS.maxProfileBytes) throw unsafe('its colour profile is larger than 4 MB');
    if (KEPT.has(type)) {
      if (type === 'VP8X') flagsAt = kept + 8;
      parts.keep(at, end);
      kept += end - at;
    }
    at = end;
  }
  const joined = parts.join();
  if (joined === bytes) return bytes;
  new DataView(joined.buffer).setUint32(4, joined.length - 8, true);
  if (flagsAt >= 0) joined[flagsAt]! &= ~HAS_XMP;
  return joined;
}
