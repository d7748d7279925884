/** New photos: persons drawn from a seed, so that nothing about them is cached and each has a face. */
import { drawPerson } from '../dev/draw-person.ts';
import { createRandom } from '../dev/random.ts';

/** From close to half length: height of the head, as a share of the picture's. Smaller ones count as blurred. */
const HEADS = [0.55, 0.5, 0.45, 0.4, 0.35, 0.3] as const;

/** Photos of one dataset of a benchmark. */
export const PHOTOS = 8;

/** How many sets one run of a benchmark may draw before its seeds overlap with those of the next. */
export const SEEDS_APART = 1_000;

export interface DrawnPhoto {
  readonly filename: string;
  readonly bytes: Buffer;
}

/** Draws a set of photos of one megapixel each; the same seed draws the same set. */
export async function drawPersons(seed: number, count = PHOTOS): Promise<DrawnPhoto[]> {
  const random = createRandom(seed, 'bench');
  const photos: DrawnPhoto[] = [];
  for (let index = 0; index < count; index += 1) {
    const [width, height] = random.next() < 0.5 ? [896, 1_152] : [1_024, 1_024];
    const head = height * HEADS[index % HEADS.length]! * random.between(0.9, 1.1);
    const person = await drawPerson(random.whole(1, 2 ** 31 - 1), {
      width,
      height,
      head,
      x: width * random.between(0.4, 0.6),
      y: Math.max(head * 0.6, height * random.between(0.12, 0.3)),
    });
    photos.push({
      filename: `${index + 1}.jpg`,
      bytes: await person.sharpen({ sigma: 0.8 }).jpeg({ quality: 92 }).toBuffer(),
    });
  }
  return photos;
}
