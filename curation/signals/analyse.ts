import { createHash } from 'node:crypto';
import { fingerprint, insideBars } from './fingerprint.ts';
import type { Fingerprint } from './fingerprint.ts';
import { inspectPhoto, pictureFault } from '../intake/intake.ts';
import type { IntakeReason } from '../intake/intake.ts';
import { LIMITS } from '../limits.ts';
import { fromPixels, normalise, openPicture } from '../intake/pictures.ts';
import type { Pixels } from '../intake/pictures.ts';
import { sharpness } from './sharpness.ts';

/** What curation knows of a photo that could be decoded. The picture itself is gone by then. */
export interface PhotoMeasures {
  readonly status: 'decoded';
  /** Upright size of the original. */
  readonly width: number;
  readonly height: number;
  readonly sharpness: number;
  /** Equal for files that show the same pixels in the same size. */
  readonly pixelHash: string;
  /** Null when the picture shows next to nothing. */
  readonly fingerprint: Fingerprint | null;
}

export type PhotoAnalysis =
  | PhotoMeasures
  | { readonly status: 'rejected'; readonly reason: IntakeReason; readonly message: string };

/** Decodes every pixel of a photo and measures it. Never throws for what is in the file. */
export async function analysePhoto(bytes: Uint8Array): Promise<PhotoAnalysis> {
  const inspection = await inspectPhoto(bytes);
  if (inspection.status === 'rejected') return inspection;
  const { width, height } = inspection;
  let colour: Pixels;
  try {
    colour = await workingCopy(bytes);
  } catch (error) {
    return { status: 'rejected', ...pictureFault(error) };
  }
  const luma = lumaOf(colour);
  return {
    status: 'decoded',
    width,
    height,
    sharpness: sharpness(luma),
    pixelHash: createHash('sha256').update(`${width}x${height}`).update(colour.data).digest('hex'),
    fingerprint: await fingerprintOf(luma),
  };
}

async function workingCopy(bytes: Uint8Array): Promise<Pixels> {
  const side = LIMITS.workingSidePx;
  const { data, info } = await normalise(openPicture(bytes))
    .resize({ width: side, height: side, fit: 'inside', withoutEnlargement: true })
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, data };
}

async function fingerprintOf(luma: Pixels): Promise<Fingerprint | null> {
  const { data, info } = await fromPixels(luma, 1)
    .resize(256, 256, { fit: 'inside' })
    .extractChannel(0)
    .raw()
    .toBuffer({ resolveWithObject: true });
  const copy = { width: info.width, height: info.height, data };
  const small = await fromPixels(copy, 1)
    .extract(insideBars(copy))
    .resize(64, 64, { fit: 'fill' })
    .extractChannel(0)
    .raw()
    .toBuffer();
  return fingerprint(small);
}

/** Luma by ITU-R BT.601, in whole numbers. */
function lumaOf({ width, height, data }: Pixels): Pixels {
  const luma = new Uint8Array(width * height);
  for (let i = 0, at = 0; i < luma.length; i++, at += 3)
    luma[i] = (data[at]! * 77 + data[at + 1]! * 150 + data[at + 2]! * 29) >> 8;
  return { width, height, data: luma };
}
