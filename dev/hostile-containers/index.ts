/** Files whose containers hurt whoever opens them carelessly, made anew each time: none of them lies in the repository. */
import sharp from 'sharp';
import { hostileAvifs } from './avif.ts';
import type { HostileContainer } from './container.ts';
import { hostileJpegs } from './jpeg.ts';
import { hostilePngs } from './png.ts';
import { hostileTiffs } from './tiff.ts';
import { hostileWebps } from './webp.ts';

export interface HostileContainers {
  /** What the others look like when what is too much is left out. */
  readonly good: readonly { readonly name: string; readonly bytes: Buffer }[];
  readonly hostile: readonly HostileContainer[];
}

/** Puts bombs around one good picture in each format. */
export async function hostileContainers(picture: Buffer): Promise<HostileContainers> {
  const { width, height } = await sharp(picture).metadata();
  const jpg = await sharp(picture).jpeg({ quality: 90 }).toBuffer();
  const png = await sharp(picture).png().toBuffer();
  const webp = await sharp(picture).webp({ quality: 80 }).toBuffer();
  const avif = await sharp(picture).avif({ effort: 0, quality: 60 }).toBuffer();
  const vast = await sharp({ create: { width: 5_100, height: 5_100, channels: 3, background: '#789' } })
    .avif({ effort: 0, quality: 1 })
    .toBuffer();
  return {
    good: [
      { name: 'good.jpg', bytes: jpg },
      { name: 'good.png', bytes: png },
      { name: 'good.webp', bytes: webp },
      { name: 'good.avif', bytes: avif },
    ],
    hostile: [
      ...hostilePngs(png),
      ...hostileJpegs(jpg),
      ...hostileWebps(webp, { width, height }),
      ...hostileAvifs(avif, vast),
      ...hostileTiffs(),
    ],
  };
}
