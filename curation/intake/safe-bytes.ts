import { checkAvif } from './avif-container.ts';
import { RefusedPicture } from './container.ts';
import { jpegWithoutExtras } from './jpeg-container.ts';
import { pngWithoutExtras } from './png-container.ts';
import { sniff, SNIFF_BYTES } from './sniff.ts';
import { checkTiff } from './tiff-container.ts';
import { webpWithoutExtras } from './webp-container.ts';

/**
 * What a decoder may see of a file: the picture, its colours and its orientation. The very bytes where nothing is left
 * out. Throws RefusedPicture.
 */
export function safeBytes(bytes: Uint8Array): Uint8Array {
  const sniffed = sniff(Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(SNIFF_BYTES, bytes.length)));
  if (sniffed.kind !== 'photo')
    throw new RefusedPicture('unsupported_format', 'The file is not a photo that can be opened.');
  switch (sniffed.mimeType) {
    case 'image/jpeg':
      return jpegWithoutExtras(bytes);
    case 'image/png':
      return pngWithoutExtras(bytes);
    case 'image/webp':
      return webpWithoutExtras(bytes);
    case 'image/avif':
      checkAvif(bytes);
      return bytes;
    case 'image/tiff':
      checkTiff(bytes);
      return bytes;
  }
}
