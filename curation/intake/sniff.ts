/** What a file is by its first bytes; names and declared types are not asked. */

export type PhotoMimeType = 'image/jpeg' | 'image/png' | 'image/webp' | 'image/avif' | 'image/tiff';

export type SniffedFile =
  | { readonly kind: 'photo'; readonly mimeType: PhotoMimeType }
  | { readonly kind: 'animation'; readonly name: string }
  | { readonly kind: 'other'; readonly name: string };

/** Bytes that `sniff` wants to see; an animated PNG names its frames before the first pixel. */
export const SNIFF_BYTES = 256 * 1024;

/** Names the kind of file. `head` is its beginning, up to SNIFF_BYTES. */
export function sniff(head: Buffer): SniffedFile {
  const latin = head.subarray(0, 16).toString('latin1');
  if (latin.startsWith('\xff\xd8\xff')) return photo('image/jpeg');
  if (latin.startsWith('\x89PNG\r\n\x1a\n'))
    return hasPngChunk(head, 'acTL') ? { kind: 'animation', name: 'PNG' } : photo('image/png');
  if (latin.startsWith('RIFF') && latin.slice(8, 12) === 'WEBP') return photo('image/webp');
  if (latin.startsWith('II*\0') || latin.startsWith('MM\0*') || latin.startsWith('II+\0') || latin.startsWith('MM\0+'))
    return photo('image/tiff');
  if (latin.slice(4, 8) === 'ftyp') return sniffBoxes(head);
  if (latin.startsWith('GIF8')) return other('GIF');
  if (latin.startsWith('BM')) return other('BMP');
  if (latin.startsWith('%PDF')) return other('PDF');
  if (latin.startsWith('PK\x03\x04')) return other('ZIP');
  if (latin.startsWith('\0\0\0\x0cjP') || latin.startsWith('\xffO\xffQ')) return other('JPEG 2000');
  if (latin.startsWith('\xff\x0a') || latin.startsWith('\0\0\0\x0cJXL')) return other('JPEG XL');
  return other(sniffText(head) ?? 'unknown');
}

/** ISO media files name their brands in the first box: `major(4) version(4) compatible(4)*`. */
function sniffBoxes(head: Buffer): SniffedFile {
  const size = Math.min(head.length, Math.max(16, head.readUInt32BE(0)), 256);
  const brands: string[] = [];
  for (let at = 8; at + 4 <= size; at += 4) if (at !== 12) brands.push(head.toString('latin1', at, at + 4));
  if (brands[0] === 'avis') return { kind: 'animation', name: 'AVIF' };
  if (brands.includes('avif')) return photo('image/avif');
  if (brands.some((brand) => /^(hei|hev|mif1|msf1)/.test(brand))) return other('HEIC');
  return other('video');
}

function hasPngChunk(head: Buffer, wanted: string): boolean {
  for (let at = 8; at + 8 <= head.length;) {
    const type = head.toString('latin1', at + 4, at + 8);
    if (type === wanted) return true;
    if (type === 'IDAT') return false;
    at += 12 + head.readUInt32BE(at);
  }
  return false;
}

function sniffText(head: Buffer): string | null {
  const text = head.subarray(0, 1_024).toString('utf8');
  if (/<svg[\s>]/i.test(text)) return 'SVG';
  if (/<(!doctype html|html|head|body)[\s>]/i.test(text)) return 'HTML';
  // A file of printable characters only; a cut multi-byte character at the end of the head does not count against it.
  return text !== '' && !/[^\P{Cc}\t\n\r\f\v]|\ufffd/u.test(text.slice(0, -1)) ? 'text' : null;
}

function photo(mimeType: PhotoMimeType): SniffedFile {
  return { kind: 'photo', mimeType };
}

function other(name: string): SniffedFile {
  return { kind: 'other', name };
}
