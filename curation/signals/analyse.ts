import { createHash } from 'node:crypto';
import { inspectPhoto, pictureFault } from '../intake/intake.ts';
import { walkJpeg } from '../intake/jpeg-file.ts';
import { fromPixels, uprightCopy } from '../intake/pictures.ts';
import type { Pixels } from '../intake/pictures.ts';
import { LIMITS } from '../limits.ts';
import type { PhotoAnalysis } from './analysis.ts';
import { borders, insideBars } from './bars.ts';
import type { Area } from './bars.ts';
import { colours } from './colours.ts';
import { fingerprint } from './fingerprint.ts';
import type { Fingerprint } from './fingerprint.ts';
import { sharpness } from './sharpness.ts';
import { tileDetail } from './tile-detail.ts';
import { lumaOf, tones } from './tones.ts';

export interface AnalysedPhoto {
  readonly analysis: PhotoAnalysis;
  /** Upright sRGB copy with a long side of at most 1,024 px; null for a photo that cannot be decoded. */
  readonly picture: Pixels | null;
}

/** Decodes every pixel of a photo and measures it. Never throws for what is in the file. */
export async function analysePhoto(bytes: Uint8Array): Promise<AnalysedPhoto> {
  const inspection = await inspectPhoto(bytes);
  if (inspection.status === 'rejected') return { analysis: inspection, picture: null };
  // Of other formats libvips notices damage itself, and the container has shown its end.
  const whole = inspection.mimeType === 'image/jpeg' ? walkJpeg(bytes) : null;
  if (whole?.status === 'damaged') {
    const message = `The file is damaged or incomplete (${whole.message}).`;
    return { analysis: { status: 'rejected', reason: 'unreadable', message }, picture: null };
  }
  let picture: Pixels;
  try {
    picture = await workingCopy(bytes);
  } catch (error) {
    return { analysis: { status: 'rejected', ...pictureFault(error) }, picture: null };
  }
  const { width, height, hadAlpha, hadProfile } = inspection;
  const luma = lumaOf(picture);
  const small = await shrink(luma, LIMITS.comparisonSidePx);
  const inside = insideBars(small);
  const grey = cut(small, inside);
  const edges = borders(small, inside);
  // The hard edge of a border would count as sharpness, and its tone as light.
  const seen = edges.borderShare > 0 ? cut(luma, enlarged(inside, luma.width / small.width, luma)) : luma;
  const { colourfulness, histogram } = colours(picture);
  const analysis: PhotoAnalysis = {
    status: 'decoded',
    sizeBytes: bytes.length,
    width,
    height,
    hadAlpha,
    hadProfile,
    sharpness: sharpness(seen),
    tileDetail: tileDetail(seen),
    ...tones(seen),
    colourfulness,
    colours: histogram,
    ...edges,
    pixelHash: createHash('sha256').update(`${width}x${height}`).update(picture.data).digest('hex'),
    fingerprint: await fingerprintOf(grey),
    grey,
    thumbnail: await thumbnailOf(picture),
  };
  return { analysis, picture };
}

/**
 * The upright sRGB copy that everything is measured on, in memory that can be handed to another thread. Throws libvips'
 * error for a damaged file.
 */
export async function workingCopy(bytes: Uint8Array): Promise<Pixels> {
  // The memory of `toBuffer` stays where it is: Node 20 copies it in silence, Node 24 throws a DataCloneError.
  const { data, info } = await uprightCopy(bytes, LIMITS.workingSidePx).raw().toUint8Array();
  return { width: info.width, height: info.height, data };
}

/** The working copy as a JPEG, for a model that describes it. */
export async function jpegForView(bytes: Uint8Array): Promise<Uint8Array> {
  return await fromPixels(await workingCopy(bytes), 3)
    .jpeg({ quality: 85 })
    .toBuffer();
}

async function shrink(luma: Pixels, side: number): Promise<Pixels> {
  const { data, info } = await fromPixels(luma, 1)
    .resize(side, side, { fit: 'inside' })
    .extractChannel(0)
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, data };
}

function cut({ width, data }: Pixels, area: Area): Pixels {
  const part = new Uint8Array(area.width * area.height);
  for (let y = 0; y < area.height; y++) {
    const from = (area.top + y) * width + area.left;
    part.set(data.subarray(from, from + area.width), y * area.width);
  }
  return { width: area.width, height: area.height, data: part };
}

/** An area of a small copy as one of the larger picture, a pixel of the copy further in. */
function enlarged(area: Area, factor: number, { width, height }: Pixels): Area {
  const left = Math.min(width - 1, Math.ceil((area.left + 1) * factor));
  const top = Math.min(height - 1, Math.ceil((area.top + 1) * factor));
  const right = Math.max(left + 1, Math.min(width, Math.floor((area.left + area.width - 1) * factor)));
  const bottom = Math.max(top + 1, Math.min(height, Math.floor((area.top + area.height - 1) * factor)));
  return { left, top, width: right - left, height: bottom - top };
}

async function fingerprintOf(grey: Pixels): Promise<Fingerprint | null> {
  return fingerprint(await fromPixels(grey, 1).resize(64, 64, { fit: 'fill' }).extractChannel(0).raw().toBuffer());
}

async function thumbnailOf(picture: Pixels): Promise<Uint8Array> {
  const side = LIMITS.thumbnailSidePx;
  return await fromPixels(picture, 3)
    .resize(side, side, { fit: 'inside', withoutEnlargement: true })
    .jpeg({ quality: 75 })
    .toBuffer();
}
