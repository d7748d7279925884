import { LIMITS } from './limits.ts';
import { normalise, openPicture } from './intake/pictures.ts';

export interface PreparedPhoto {
  readonly jpeg: Buffer;
  readonly width: number;
  readonly height: number;
}

/**
 * Makes what goes to the pod: upright, sRGB, flattened on white, without metadata (so without GPS), JPEG of quality 95 without
 * chroma subsampling, long side at most 2,048. Trainers ignore EXIF orientation and colour profiles in part, so both are
 * baked in. Throws for a photo that `curatePhotos` would drop as unreadable.
 */
export async function preparePhoto(bytes: Uint8Array): Promise<PreparedPhoto> {
  const side = LIMITS.preparedSidePx;
  const { data, info } = await normalise(openPicture(bytes))
    .resize({ width: side, height: side, fit: 'inside', withoutEnlargement: true })
    .jpeg({ quality: 95, chromaSubsampling: '4:4:4' })
    .toBuffer({ resolveWithObject: true });
  return { jpeg: data, width: info.width, height: info.height };
}
