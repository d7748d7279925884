import type { CuratedSet } from '../contract.ts';
import { fromPixels, normalise, openPicture } from '../intake/pictures.ts';
import type { Pixels } from '../intake/pictures.ts';
import { sheetOrder } from './order.ts';
import type { PhotoReport } from './report.ts';

/** Side of a cell with its frame, and the gap around it. Pixels. */
const CELL = 120;
const GAP = 8;
const FRAME = 5;
/** Side of the field that contains the picture. */
const FIELD = CELL - 2 * FRAME - 2;
const MOST_COLUMNS = 12;
/** Pixels of a dashed frame that are drawn, and then left out. */
const DASH = 9;

type Colour = readonly [number, number, number];
const GROUND: Colour = [34, 34, 34];
const EMPTY: Colour = [58, 58, 58];
const CROSS: Colour = [150, 150, 150];
const FRAMES: Readonly<Record<PhotoReport['decision'], Colour>> = {
  keep: [46, 160, 90],
  reserve: [160, 160, 160],
  drop: [214, 60, 48],
};

/**
 * All photos of a set as one PNG: kept (green frame), reserve (dashed grey), dropped (red, faded, with a stroke). A
 * file that could not be decoded is an empty, crossed cell. There is no text in it, since servers may have no fonts.
 */
export async function renderContactSheet({ report, thumbnails }: CuratedSet): Promise<Buffer> {
  const photos = sheetOrder(report);
  const columns = Math.max(1, Math.min(MOST_COLUMNS, Math.ceil(Math.sqrt(photos.length * 1.5))));
  const rows = Math.max(1, Math.ceil(photos.length / columns));
  const sheet = canvas(columns * (CELL + GAP) + GAP, rows * (CELL + GAP) + GAP);
  for (const [index, { sha256, decision }] of photos.entries()) {
    const left = GAP + (index % columns) * (CELL + GAP);
    const top = GAP + Math.floor(index / columns) * (CELL + GAP);
    const jpeg = thumbnails.get(sha256);
    const inner = FRAME + 1;
    if (jpeg === undefined) {
      sheet.fill(left + inner, top + inner, FIELD, FIELD, EMPTY);
      sheet.stroke(left + inner, top + inner, FIELD, CROSS);
      sheet.stroke(left + inner, top + inner, FIELD, CROSS, { rising: true });
    } else {
      sheet.picture(left + inner, top + inner, await thumbnail(jpeg), decision === 'drop' ? 0.5 : 1);
      if (decision === 'drop') sheet.stroke(left + inner, top + inner, FIELD, FRAMES.drop, { rising: true });
    }
    sheet.frame(left, top, FRAMES[decision], { dashed: decision === 'reserve' });
  }
  return await fromPixels(sheet.pixels, 3).png().toBuffer();
}

async function thumbnail(jpeg: Uint8Array): Promise<Pixels> {
  const { data, info } = await normalise(openPicture(jpeg))
    .resize({ width: FIELD, height: FIELD, fit: 'inside' })
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, data };
}

/** Paints by hand: the SVG reader, which could draw frames, is shut in this process. */
function canvas(width: number, height: number) {
  const data = new Uint8Array(width * height * 3);
  const fill = (left: number, top: number, w: number, h: number, colour: Colour) => {
    for (let y = top; y < top + h; y++) for (let x = left; x < left + w; x++) data.set(colour, (y * width + x) * 3);
  };
  fill(0, 0, width, height, GROUND);
  return {
    pixels: { width, height, data } satisfies Pixels,
    fill,
    /** The picture in the middle of its field, mixed with the ground. */
    picture: (left: number, top: number, picture: Pixels, strength: number) => {
      const x0 = left + Math.floor((FIELD - picture.width) / 2);
      const y0 = top + Math.floor((FIELD - picture.height) / 2);
      for (let y = 0; y < picture.height; y++) {
        for (let x = 0; x < picture.width; x++) {
          const from = (y * picture.width + x) * 3;
          const to = ((y0 + y) * width + x0 + x) * 3;
          for (let c = 0; c < 3; c++)
            data[to + c] = Math.round(picture.data[from + c]! * strength + GROUND[c]! * (1 - strength));
        }
      }
    },
    /** A line from corner to corner, falling to the right unless it rises. */
    stroke: (left: number, top: number, side: number, colour: Colour, { rising = false } = {}) => {
      for (let i = 0; i < side - 1; i++) fill(left + i, top + (rising ? side - 2 - i : i), 2, 2, colour);
    },
    frame: (left: number, top: number, colour: Colour, { dashed = false } = {}) => {
      for (let i = 0; i < CELL; i++) {
        if (dashed && i % (2 * DASH) >= DASH) continue;
        fill(left + i, top, 1, FRAME, colour);
        fill(left + i, top + CELL - FRAME, 1, FRAME, colour);
        fill(left, top + i, FRAME, 1, colour);
        fill(left + CELL - FRAME, top + i, FRAME, 1, colour);
      }
    },
  };
}
