import { LIMITS } from '../limits.ts';
import { damaged, unsafe } from './container.ts';

/** Boxes that hold boxes, with the bytes in front of them: version and flags, and for `iinf` a count. */
const PARENTS: Readonly<Record<string, number>> = { meta: 4, iprp: 0, ipco: 0, dinf: 0 };

/** `meta` inside `iprp` inside `ipco` is as deep as it goes. */
const MAX_DEPTH = 4;

interface Range {
  readonly from: number;
  readonly to: number;
  /** 0 for the file itself. */
  readonly depth: number;
}

interface Found {
  boxes: number;
  items: number;
  /** Pieces of the file that the items are put together from. */
  pieces: number;
  /** Bytes that the items are made of, as often as they are named. */
  named: number;
}

/**
 * Looks at the boxes of an AVIF: `size(4) type(4) data`, where a size of 1 stands for eight bytes more and 0 for the
 * rest of the file. Items are put together from pieces of the file, and each of the pieces can be named again and
 * again. Throws RefusedPicture; else the file may be read as it is: libheif has limits of its own for what stands in
 * the coded picture.
 */
export function checkAvif(bytes: Uint8Array): void {
  const found: Found = { boxes: 0, items: 0, pieces: 0, named: 0 };
  walk(bytes, { from: 0, to: bytes.length, depth: 0 }, found);
  if (found.named > 2 * bytes.length) throw unsafe('its parts use the same bytes many times over');
}

function walk(bytes: Uint8Array, { from, to, depth }: Range, found: Found): void {
  if (depth > MAX_DEPTH) throw unsafe('its parts are nested too deeply');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = from; at + 8 <= to;) {
    if (++found.boxes > LIMITS.maxBoxes) throw unsafe(`it consists of more than ${LIMITS.maxBoxes} parts`);
    const type = String.fromCharCode(bytes[at + 4]!, bytes[at + 5]!, bytes[at + 6]!, bytes[at + 7]!);
    const short = view.getUint32(at);
    const head = short === 1 ? 16 : 8;
    if (at + head > to) return;
    const size = short === 1 ? Number(view.getBigUint64(at + 8)) : short === 0 ? to - at : short;
    if (size < head || at + size > to) {
      // The decoder judges what is cut off at the end, and what has been appended.
      if (depth === 0) return;
      throw damaged('one of its parts is longer than the part that contains it');
    }
    const data = { from: at + head, to: at + size };
    checkBox(bytes, type, data, found);
    const inside = PARENTS[type];
    if (inside !== undefined) walk(bytes, { from: data.from + inside, to: data.to, depth: depth + 1 }, found);
    at += size;
  }
}

function checkBox(bytes: Uint8Array, type: string, { from, to }: { from: number; to: number }, found: Found): void {
  const data = new DataView(bytes.buffer, bytes.byteOffset + from, to - from);
  switch (type) {
    case 'colr':
      if (to - from > LIMITS.maxProfileBytes) throw unsafe('its colour profile is larger than 4 MB');
      return;
    case 'ispe': {
      const [width, height] = within(() => [data.getUint32(4), data.getUint32(8)] as const);
      if (width * height > LIMITS.maxPixels)
        throw unsafe(`a picture in it has more than ${LIMITS.maxPixels / 1e6} megapixels`);
      return;
    }
    case 'iloc':
      within(() => checkLocations(data, bytes.length, found));
      return;
  }
}

/**
 * `iloc` names for each item the pieces of the file that it is put together from; how wide its numbers are stands in
 * front.
 */
function checkLocations(data: DataView, fileBytes: number, found: Found): void {
  const version = data.getUint8(0);
  const [offsetBytes, lengthBytes] = [data.getUint8(4) >> 4, data.getUint8(4) & 15];
  const [baseBytes, indexBytes] = [data.getUint8(5) >> 4, version > 0 ? data.getUint8(5) & 15 : 0];
  const wide = version < 2 ? 2 : 4;
  const number = (at: number, length: number) => {
    let value = 0;
    for (let i = 0; i < length; i++) value = value * 256 + data.getUint8(at + i);
    return value;
  };
  let at = 6 + wide;
  for (let items = number(6, wide); items > 0; items--) {
    if (++found.items > LIMITS.maxItems) throw unsafe(`it consists of more than ${LIMITS.maxItems} pictures`);
    at += wide + (version > 0 ? 2 : 0) + 2 + baseBytes;
    const extents = number(at, 2);
    found.pieces += extents;
    if (found.pieces > LIMITS.maxPieces) throw unsafe(`it is put together from more than ${LIMITS.maxPieces} pieces`);
    at += 2;
    for (let extent = 0; extent < extents; extent++) {
      const length = number(at + indexBytes + offsetBytes, lengthBytes);
      if (length > fileBytes) throw damaged('its end is missing');
      found.named += length;
      at += indexBytes + offsetBytes + lengthBytes;
    }
  }
}

/** A box that ends before what it must hold. */
function within<Value>(read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    if (error instanceof RangeError) throw damaged('one of its parts is too short');
    throw error;
  }
}
