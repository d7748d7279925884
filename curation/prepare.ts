import { RefusedPicture } from './intake/container.ts';
import { uprightCopy } from './intake/pictures.ts';
import { withRoom } from './intake/room.ts';
import { LIMITS } from './limits.ts';

export interface PreparedPhoto {
  readonly jpeg: Buffer;
  readonly width: number;
  readonly height: number;
}

/**
 * Makes what goes to the pod: upright, sRGB, flattened on white, without metadata (so without GPS), JPEG of quality 95 without
 * chroma subsampling, long side at most 2,048. Trainers ignore EXIF orientation and colour profiles in part, so both are
 * baked in. Throws for a photo that a curator drops as unreadable.
 */
export async function preparePhoto(bytes: Uint8Array): Promise<PreparedPhoto> {
  const { data, info } = await withRoom(bytes, async (header) => {
    if (header.status === 'rejected') throw new RefusedPicture(header.reason, header.message);
    return await uprightCopy(bytes, LIMITS.preparedSidePx)
      .jpeg({ quality: 95, chromaSubsampling: '4:4:4' })
      .toBuffer({ resolveWithObject: true });
  });
  return { jpeg: data, width: info.width, height: info.height };
}
