import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { extname } from 'node:path';
import type { Disk } from './disk.ts';

// A dataset without a readable photo still gets a picture: one grey JPEG pixel.
const greyPixel = Buffer.from(
  '/9j/4AAQSkZJRgABAQEASABIAAD/2wBDAP//////////////////////////////////////////////////////////////////////////////////////wAALCAABAAEBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAACf/EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAD8AVN//2Q==',
  'base64',
);

/**
 * Puts one sample into the job folder and returns its path: the bytes of one of the dataset's photos, not a generated
 * picture.
 */
export async function writeSample(params: {
  disk: Disk;
  folder: string;
  photos: string[];
  format: string;
  step: number;
  index: number;
  nowMs: number;
}): Promise<string> {
  const { disk, folder, photos, step, index } = params;
  await mkdir(disk.real(`${folder}/samples`), { recursive: true });
  const photo = photos[index % Math.max(1, photos.length)];
  const extension = photo === undefined ? '.jpg' : sampleExtension(photo, params.format);
  const path = `${folder}/samples/${params.nowMs}__${String(step).padStart(9, '0')}_${index}${extension}`;
  if (photo === undefined) await writeFile(disk.real(path), greyPixel);
  else await copyFile(photo, disk.real(path));
  return path;
}

/** The name says what the bytes are, even where the real trainer would have made a JPEG. */
function sampleExtension(photo: string, format: string): string {
  const own = extname(photo).toLowerCase();
  const isJpeg = own === '.jpg' || own === '.jpeg';
  return isJpeg && (format === 'jpg' || format === 'jpeg') ? `.${format}` : own;
}
