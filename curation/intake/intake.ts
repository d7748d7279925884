import { readFile, stat } from 'node:fs/promises';
import type { Metadata } from 'sharp';
import { createSemaphore } from '../../core/semaphore.ts';
import { LIMITS } from '../limits.ts';
import { RefusedPicture } from './container.ts';
import { openPicture } from './pictures.ts';
import type { IntakeReason } from './reason.ts';
import { sniff, SNIFF_BYTES } from './sniff.ts';
import type { PhotoMimeType } from './sniff.ts';

export type PhotoInspection =
  | {
      readonly status: 'ok';
      readonly mimeType: PhotoMimeType;
      /** Of the upright picture. */
      readonly width: number;
      readonly height: number;
      /** Memory that a decoder takes for it beside the rows that it works on. Bytes. */
      readonly heldBytes: number;
      readonly hadAlpha: boolean;
      /** Its colours are described by a profile that is not sRGB, or are not RGB at all. */
      readonly hadProfile: boolean;
    }
  | { readonly status: 'rejected'; readonly reason: IntakeReason; readonly message: string };

/** For the whole process: bytes of files that are held in memory at once to be inspected. */
const reading = createSemaphore(2 * LIMITS.maxFileBytes);

/** Inspects a file on the disk; waits while others that were read for it fill the memory set aside. */
export async function inspectPhotoFile(path: string): Promise<PhotoInspection> {
  const { size } = await stat(path);
  const fault = sizeFault(size);
  if (fault !== null) return fault;
  return await reading.run(async () => await inspectPhoto(await readFile(path)), { weight: size });
}

/**
 * Judges a file by its first bytes, by what stands around its pixels and by its header: format, size, frames. Damage
 * further inside shows only when all pixels are decoded, which `curatePhotos` does. Never throws for what is in the
 * file.
 */
export async function inspectPhoto(bytes: Uint8Array): Promise<PhotoInspection> {
  const fault = sizeFault(bytes.length);
  if (fault !== null) return fault;
  const sniffed = sniff(Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(SNIFF_BYTES, bytes.length)));
  switch (sniffed.kind) {
    case 'animation':
      return rejected('animated', `This is an animated ${sniffed.name}; send a still photo.`);
    case 'other':
      return rejected('unsupported_format', otherMessage(sniffed.name));
    case 'photo':
      return await inspectHeader(bytes, sniffed.mimeType);
  }
}

/** Turns what libvips says about a file into a reason and a sentence. */
export function pictureFault(error: unknown): { reason: IntakeReason; message: string } {
  if (error instanceof RefusedPicture) return { reason: error.reason, message: error.message };
  const text = error instanceof Error ? error.message : String(error);
  if (/pixel limit/i.test(text))
    return { reason: 'too_large', message: `The picture has more than ${LIMITS.maxPixels / 1e6} megapixels.` };
  if (/timeout/i.test(text)) {
    return {
      reason: 'unreadable',
      message: `The picture could not be decoded within ${LIMITS.decodeTimeoutSeconds} s.`,
    };
  }
  const detail = (text.split('\n').find((line) => line.trim() !== '') ?? 'unknown').trim().slice(0, 120);
  return { reason: 'unreadable', message: `The file is damaged or incomplete (${detail}).` };
}

async function inspectHeader(bytes: Uint8Array, mimeType: PhotoMimeType): Promise<PhotoInspection> {
  let header: Metadata;
  try {
    header = await openPicture(bytes).metadata();
  } catch (error) {
    const { reason, message } = pictureFault(error);
    return rejected(reason, message);
  }
  const { width, height } = header.autoOrient;
  if (width * height > LIMITS.maxPixels)
    return rejected('too_large', `The picture has more than ${LIMITS.maxPixels / 1e6} megapixels.`);
  if (header.isProgressive && width * height > LIMITS.maxProgressivePixels) {
    const most = LIMITS.maxProgressivePixels / 1e6;
    return rejected(
      'too_large',
      `The picture has more than ${most} megapixels and is progressive or interlaced; save it without that.`,
    );
  }
  if ((header.pages ?? 1) > 1)
    return rejected('animated', `The file contains ${header.pages} pictures; send a single still photo.`);
  // The brand of the first box can lie: what counts is the codec. Only AV1 can be decoded here.
  if (header.format === 'heif' && header.compression !== 'av1')
    return rejected('unsupported_format', otherMessage('HEIC'));
  if (header.format === 'heif' && width * height > LIMITS.maxAvifPixels) {
    const most = LIMITS.maxAvifPixels / 1e6;
    return rejected('too_large', `As AVIF a picture may have at most ${most} megapixels; save it as JPEG.`);
  }
  const heldBytes = heldBytesOf(header, width * height);
  if (heldBytes > LIMITS.maxHeldBytes) {
    const most = LIMITS.maxHeldBytes / 1e6;
    return rejected(
      'too_large',
      `Decoding it takes ${Math.ceil(heldBytes / 1e6)} MB of memory; the limit is ${most} MB.`,
    );
  }
  // The profile's name is ASCII or, in newer ones, UTF-16.
  const hadProfile = header.icc !== undefined && !/sRGB|s\0R\0G\0B/.test(header.icc.toString('latin1'));
  return { status: 'ok', mimeType, width, height, heldBytes, hadAlpha: header.hasAlpha, hadProfile };
}

/** Bytes of a value by libvips' name of its kind. */
const SAMPLE_BYTES: Readonly<Record<string, number>> = {
  uchar: 1,
  char: 1,
  ushort: 2,
  short: 2,
  uint: 4,
  int: 4,
  float: 4,
  complex: 8,
  double: 8,
  dpcomplex: 16,
};

/** What a decoder may hold of a picture that it cannot read row by row. */
function heldBytesOf({ format, isProgressive, channels, depth }: Metadata, pixels: number): number {
  const decodedBytes = pixels * channels * (SAMPLE_BYTES[depth] ?? 16);
  switch (format) {
    case 'jpeg':
      // Coefficients of 16 bits.
      return isProgressive ? pixels * channels * 2 : 0;
    case 'png':
      return isProgressive ? decodedBytes : 0;
    case 'webp':
      return pixels * 4;
    case 'tiff':
      // All of it may stand in one strip.
      return decodedBytes;
    case 'heif':
      // Planes and copies of them: 19 bytes per pixel of 8 bits, 25 of 12 bits. Such a one is decoded alone.
      return Math.min(LIMITS.maxHeldBytes, 6 * decodedBytes);
    default:
      return 0;
  }
}

function sizeFault(sizeBytes: number): PhotoInspection | null {
  if (sizeBytes === 0) return rejected('unreadable', 'The file is empty.');
  if (sizeBytes <= LIMITS.maxFileBytes) return null;
  const most = megabytes(LIMITS.maxFileBytes);
  return rejected('too_large', `The file is ${megabytes(sizeBytes)} MB; the limit is ${most} MB.`);
}

function otherMessage(name: string): string {
  if (name === 'HEIC')
    return 'HEIC is not supported; convert the photo to JPEG (on an iPhone: Settings, Camera, Formats, Most Compatible).';
  if (name === 'unknown') return 'The file is not a JPEG, PNG, WebP, AVIF or TIFF picture.';
  return `This is ${/^(SVG|HTML)$/.test(name) ? 'an' : 'a'} ${name} file, not a JPEG, PNG, WebP, AVIF or TIFF picture.`;
}

function rejected(reason: IntakeReason, message: string): PhotoInspection {
  return { status: 'rejected', reason, message };
}

function megabytes(bytes: number): string {
  return (bytes / (1024 * 1024)).toFixed(1).replace('.0', '');
}
