import { open, stat } from 'node:fs/promises';
import type { Metadata } from 'sharp';
import { LIMITS } from '../limits.ts';
import { openPicture } from './pictures.ts';
import { sniff, SNIFF_BYTES } from './sniff.ts';
import type { PhotoMimeType } from './sniff.ts';

/** Why a file is no photo for us; found without decoding pixels. */
export type IntakeReason = 'unreadable' | 'unsupported_format' | 'animated' | 'too_large';

export type PhotoInspection =
  | {
      readonly status: 'ok';
      readonly mimeType: PhotoMimeType;
      /** Of the upright picture. */
      readonly width: number;
      readonly height: number;
      readonly hadAlpha: boolean;
      /** Its colours are described by a profile that is not sRGB, or are not RGB at all. */
      readonly hadProfile: boolean;
    }
  | { readonly status: 'rejected'; readonly reason: IntakeReason; readonly message: string };

/**
 * Judges a file by its first bytes and its header: format, size, frames. Damage further inside shows only when all pixels
 * are decoded, which `curatePhotos` does. Takes bytes or a file; never throws for what is in it.
 */
export async function inspectPhoto(source: Uint8Array | { readonly path: string }): Promise<PhotoInspection> {
  const { head, sizeBytes } = await beginning(source);
  if (sizeBytes === 0) return rejected('unreadable', 'The file is empty.');
  if (sizeBytes > LIMITS.maxFileBytes) {
    return rejected(
      'too_large',
      `The file has ${megabytes(sizeBytes)} MB; ${megabytes(LIMITS.maxFileBytes)} MB are the most.`,
    );
  }
  const sniffed = sniff(head);
  switch (sniffed.kind) {
    case 'animation':
      return rejected('animated', `This is an animated ${sniffed.name}; send a still photo.`);
    case 'other':
      return rejected('unsupported_format', otherMessage(sniffed.name));
    case 'photo':
      return await inspectHeader(source instanceof Uint8Array ? source : source.path, sniffed.mimeType);
  }
}

/** Turns what libvips says about a file into a reason and a sentence. */
export function pictureFault(error: unknown): { reason: IntakeReason; message: string } {
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

async function inspectHeader(source: Uint8Array | string, mimeType: PhotoMimeType): Promise<PhotoInspection> {
  let header: Metadata;
  try {
    header = await openPicture(source).metadata();
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
      `The picture has more than ${most} megapixels and is stored in layers; save it without.`,
    );
  }
  if ((header.pages ?? 1) > 1)
    return rejected('animated', `The file holds ${header.pages} pictures; send a still photo with one.`);
  // The brand of the first box can lie: what counts is the codec. Only AV1 can be decoded here.
  if (header.format === 'heif' && header.compression !== 'av1')
    return rejected('unsupported_format', otherMessage('HEIC'));
  // The profile's name is ASCII or, in newer ones, UTF-16.
  const hadProfile = header.icc !== undefined && !/sRGB|s\0R\0G\0B/.test(header.icc.toString('latin1'));
  return { status: 'ok', mimeType, width, height, hadAlpha: header.hasAlpha, hadProfile };
}

async function beginning(source: Uint8Array | { readonly path: string }): Promise<{ head: Buffer; sizeBytes: number }> {
  if (source instanceof Uint8Array) {
    const head = Buffer.from(source.buffer, source.byteOffset, Math.min(SNIFF_BYTES, source.length));
    return { head, sizeBytes: source.length };
  }
  const { size } = await stat(source.path);
  const file = await open(source.path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(Math.min(SNIFF_BYTES, size)), 0);
    return { head: buffer.subarray(0, bytesRead), sizeBytes: size };
  } finally {
    await file.close();
  }
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
