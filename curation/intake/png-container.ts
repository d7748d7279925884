import { inflateSync } from 'node:zlib';
import { LIMITS } from '../limits.ts';
import { createParts, damaged, unsafe } from './container.ts';

/**
 * What makes the picture: pixels, palette, transparency, colours, orientation. Text, palettes to choose from, dates do
 * not.
 */
const CRITICAL = new Set(['IHDR', 'PLTE', 'IDAT', 'IEND']);
const KEPT_ONCE = new Set(['tRNS', 'iCCP', 'sRGB', 'gAMA', 'cHRM', 'cICP', 'sBIT', 'eXIf', 'pHYs']);

/**
 * The PNG without the chunks that do not belong to the picture. Chunks are `length(4) type(4) data(length)
 * checksum(4)`, the last is IEND; what follows it is left out. Throws RefusedPicture.
 */
export function pngWithoutExtras(bytes: Uint8Array): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const parts = createParts(bytes);
  const seen = new Set<string>();
  parts.keep(0, 8);
  let chunks = 0;
  for (let at = 8; ;) {
    if (at + 12 > bytes.length) throw damaged('its end is missing');
    const length = view.getUint32(at);
    const end = at + 12 + length;
    if (end > bytes.length) throw damaged('its end is missing');
    if (++chunks > LIMITS.maxChunks) throw unsafe(`it consists of more than ${LIMITS.maxChunks} parts`);
    const type = String.fromCharCode(bytes[at + 4]!, bytes[at + 5]!, bytes[at + 6]!, bytes[at + 7]!);
    if (CRITICAL.has(type)) parts.keep(at, end);
    else if (KEPT_ONCE.has(type) && !seen.has(type)) {
      seen.add(type);
      checkSize(type, bytes.subarray(at + 8, end - 4));
      parts.keep(at, end);
    } else if ((bytes[at + 4]! & 0x20) === 0) throw damaged('it has an unknown part that must be understood');
    if (type === 'IEND') return parts.join();
    at = end;
  }
}

function checkSize(type: string, data: Uint8Array): void {
  if (type === 'eXIf' && data.length > LIMITS.maxExifBytes) throw unsafe('its EXIF data are larger than 1 MB');
  if (type === 'iCCP') checkProfile(data);
}

/** `name NUL method(1) zlib-data`. */
function checkProfile(data: Uint8Array): void {
  const packed = data.subarray(data.indexOf(0) + 2);
  if (packed.length > LIMITS.maxProfileBytes) throw unsafe('its colour profile is larger than 4 MB');
  try {
    inflateSync(packed, { maxOutputLength: LIMITS.maxProfileBytes });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE')
      throw unsafe('its colour profile is larger than 4 MB');
    // Any other fault makes libpng go on without a profile, in little memory.
  }
}
