import { LIMITS } from '../limits.ts';
import { createParts, damaged, unsafe } from './container.ts';

const SOS = 0xda;
const COM = 0xfe;
const APP0 = 0xe0;
const APP1 = 0xe1;
const APP2 = 0xe2;
const APP14 = 0xee;
const APP15 = 0xef;

/**
 * The JPEG without comments and without all application data but those that make the picture: JFIF, the first EXIF (its
 * orientation), the colour profile, Adobe's word about colours. Looks at what stands before the first scan; what stands
 * between scans costs a decoder no more than its length. Throws RefusedPicture.
 */
export function jpegWithoutExtras(bytes: Uint8Array): Uint8Array {
  const parts = createParts(bytes);
  parts.keep(0, 2);
  let segments = 0;
  let profileBytes = 0;
  let hasExif = false;
  let at = 2;
  for (;;) {
    const from = at;
    while (bytes[at] === 0xff && bytes[at + 1] === 0xff) at++;
    if (at + 4 > bytes.length) throw damaged('its end is missing');
    const marker = bytes[at + 1]!;
    // Anything else than a segment is the decoder's to judge, in memory in proportion to the file.
    if (bytes[at] !== 0xff || marker < 0xc0 || (marker >= 0xd0 && marker <= 0xd9) || marker === SOS) {
      parts.keep(from, bytes.length);
      return parts.join();
    }
    const end = at + 2 + ((bytes[at + 2]! << 8) | bytes[at + 3]!);
    if (end > bytes.length) throw damaged('its end is missing');
    if (end < at + 4) throw damaged('one of its parts has an invalid length');
    if (++segments > LIMITS.maxChunks) throw unsafe(`it consists of more than ${LIMITS.maxChunks} parts`);
    const kind = kindOf(marker, bytes.subarray(at + 4, end));
    const isFirstExif = kind === 'exif' && !hasExif;
    if (kind === 'exif') hasExif = true;
    if (kind === 'profile') profileBytes += end - at;
    if (profileBytes > LIMITS.maxProfileBytes) throw unsafe('its colour profile is larger than 4 MB');
    if (kind === 'picture' || kind === 'profile' || isFirstExif) parts.keep(from, end);
    at = end;
  }
}

function kindOf(marker: number, data: Uint8Array): 'picture' | 'exif' | 'profile' | 'other' {
  switch (marker) {
    case APP0:
    case APP14:
      return 'picture';
    case APP1:
      return beginsWith(data, 'Exif\0\0') ? 'exif' : 'other';
    case APP2:
      return beginsWith(data, 'ICC_PROFILE\0') ? 'profile' : 'other';
    case COM:
      return 'other';
    default:
      return marker > APP2 && marker <= APP15 ? 'other' : 'picture';
  }
}

function beginsWith(data: Uint8Array, text: string): boolean {
  for (let i = 0; i < text.length; i++) if (data[i] !== text.charCodeAt(i)) return false;
  return true;
}
