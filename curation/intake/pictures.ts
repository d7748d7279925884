/** The only way to libvips for untrusted files. */
import sharp from 'sharp';
import type { Sharp, SharpOptions } from 'sharp';
import { LIMITS } from '../limits.ts';
import { safeBytes } from './safe-bytes.ts';

// For the whole process: libvips picks its loader by content, and an SVG named .jpg would otherwise be drawn, with all that
// an SVG can ask for. Only the loaders of the formats that we take stay open.
sharp.block({ operation: ['VipsForeignLoad'] });
sharp.unblock({
  operation: [
    'VipsForeignLoadJpeg',
    'VipsForeignLoadPng',
    'VipsForeignLoadWebp',
    'VipsForeignLoadHeif',
    'VipsForeignLoadTiff',
  ],
});
// Every photo is seen once: a cache would only hold memory.
sharp.cache(false);

const OPTIONS: SharpOptions = {
  // 'warning' is the only level that notices damage inside a JPEG's scan; no false alarm on 170 photos.
  failOn: 'warning',
  limitInputPixels: LIMITS.maxPixels,
  sequentialRead: true,
};

/**
 * Opens a photo without what does not belong to the picture; pixels are read when the pipeline runs, and at most for the time
 * limit. Throws RefusedPicture.
 */
export function openPicture(bytes: Uint8Array): Sharp {
  return sharp(safeBytes(bytes), OPTIONS).timeout({ seconds: LIMITS.decodeTimeoutSeconds });
}

/** Upright, sRGB with three channels, transparency on white: what a trainer should see. Metadata is dropped by the encoders. */
export function normalise(picture: Sharp): Sharp {
  return picture.autoOrient().flatten({ background: '#ffffff' }).toColourspace('srgb');
}

/** An upright sRGB copy, its long side at most `sidePx`; never enlarged. */
export function uprightCopy(source: Uint8Array, sidePx: number): Sharp {
  const size = { width: sidePx, height: sidePx, fit: 'inside', withoutEnlargement: true } as const;
  return normalise(openPicture(source)).resize(size);
}

export interface Pixels {
  readonly width: number;
  readonly height: number;
  /** Row by row; three bytes per pixel for colour, one for luma. */
  readonly data: Uint8Array;
}

/** Wraps pixels that we decoded ourselves. */
export function fromPixels({ width, height, data }: Pixels, channels: 1 | 3): Sharp {
  return sharp(data, { raw: { width, height, channels } });
}
