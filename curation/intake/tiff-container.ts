import { LIMITS } from '../limits.ts';
import { damaged, RefusedPicture, unsafe } from './container.ts';

/** Bytes of one value, by the types of the specification (1 to 13) and of BigTIFF (16 to 18). */
const TYPE_BYTES = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8];
const PROFILE_TAG = 34_675;
/** What tags may share, for writers that keep equal small values once. Bytes. */
const SHARED_BYTES = 64 * 1024;

/**
 * Looks at the directories of a TIFF. A reader fetches what each tag points at, before it asks what for: tags that
 * share 25 MB made libtiff read for 25 s. Throws RefusedPicture; else the file may be read as it is.
 */
export function checkTiff(bytes: Uint8Array): void {
  const read = createReader(bytes);
  const { isBig } = read;
  const entryBytes = isBig ? 20 : 12;
  const visited = new Set<number>();
  let promised = 0;
  for (let at = read.offset(isBig ? 8 : 4); at !== 0;) {
    if (visited.has(at)) throw damaged('its directories form a loop');
    visited.add(at);
    if (visited.size > LIMITS.maxPages)
      throw new RefusedPicture(
        'animated',
        `The file contains more than ${LIMITS.maxPages} pictures; send a single still photo.`,
      );
    const count = isBig ? read.offset(at) : read.short(at);
    if (count > LIMITS.maxTags) throw unsafe(`a directory in it has more than ${LIMITS.maxTags} tags`);
    const first = at + (isBig ? 8 : 2);
    for (let entry = first; entry < first + count * entryBytes; entry += entryBytes) {
      const size = (TYPE_BYTES[read.short(entry + 2)] ?? 0) * (isBig ? read.offset(entry + 4) : read.long(entry + 4));
      if (size <= (isBig ? 8 : 4)) continue;
      const place = read.offset(entry + (isBig ? 12 : 8));
      if (place + size > bytes.length) throw damaged('a part of it lies behind its end');
      if (read.short(entry) === PROFILE_TAG && size > LIMITS.maxProfileBytes)
        throw unsafe('its colour profile is larger than 4 MB');
      promised += size;
    }
    if (promised > bytes.length + SHARED_BYTES) throw unsafe('its directories use the same bytes again and again');
    at = read.offset(first + count * entryBytes);
  }
}

/** Numbers at places of the file, in its byte order. `offset` has 4 bytes, 8 in a BigTIFF. */
function createReader(bytes: Uint8Array) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const little = bytes[0] === 0x49;
  const inside = (at: number, length: number) => {
    if (at + length > bytes.length) throw damaged('its end is missing');
    return at;
  };
  const short = (at: number) => view.getUint16(inside(at, 2), little);
  const long = (at: number) => view.getUint32(inside(at, 4), little);
  const isBig = short(2) === 43;
  return {
    isBig,
    short,
    long,
    offset: (at: number) => (isBig ? Number(view.getBigUint64(inside(at, 8), little)) : long(at)),
  };
}
