/**
 * Pictures that the project draws itself, for the demo and for tests: a figure in front of something else each time.
 */
import sharp from 'sharp';

const SIDE = 768;

type Colour = readonly [number, number, number];

/** A small seeded generator (mulberry32): the same seed draws the same pictures on every machine. */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Pixels are painted by hand: the process may have switched sharp's SVG reader off (curation does). */
function canvas(background: Colour) {
  const pixels = Buffer.alloc(SIDE * SIDE * 3);
  const fill = (
    inside: (x: number, y: number) => boolean,
    colour: Colour,
    box: readonly [number, number, number, number],
  ) => {
    const [left, top, right, bottom] = box.map((edge) => Math.round(Math.min(SIDE, Math.max(0, edge)))) as [
      number,
      number,
      number,
      number,
    ];
    for (let y = top; y < bottom; y += 1) {
      for (let x = left; x < right; x += 1) if (inside(x, y)) pixels.set(colour, (y * SIDE + x) * 3);
    }
  };
  fill(() => true, background, [0, 0, SIDE, SIDE]);
  return {
    pixels,
    ellipse: (cx: number, cy: number, rx: number, ry: number, colour: Colour) =>
      fill((x, y) => ((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2 <= 1, colour, [cx - rx, cy - ry, cx + rx, cy + ry]),
    rectangle: (cx: number, cy: number, width: number, height: number, colour: Colour) =>
      fill(() => true, colour, [cx - width / 2, cy - height / 2, cx + width / 2, cy + height / 2]),
  };
}

/** Draws one picture as a JPEG of 768 x 768. Different seeds give pictures that no duplicate check confuses. */
export async function drawPhoto(seed: number): Promise<Buffer> {
  const random = seeded(seed * 7_919 + 17);
  const between = (low: number, high: number) => Math.round(low + random() * (high - low));
  const colour = (): Colour => [between(20, 235), between(20, 235), between(20, 235)];
  const { pixels, ellipse, rectangle } = canvas(colour());
  for (let shape = 0; shape < 26; shape += 1) {
    const draw = random() < 0.5 ? ellipse : rectangle;
    draw(between(0, SIDE), between(0, SIDE), between(40, 220), between(40, 220), colour());
  }
  const [x, y, head] = [between(250, 518), between(220, 480), between(60, 150)];
  ellipse(x, y + head * 2.4, head * 1.3, head * 1.5, colour());
  ellipse(x, y - head * 0.2, head * 1.05, head, [80, 50, 30]);
  ellipse(x, y + head * 0.1, head * 0.9, head * 0.9, [224, 172, 130]);
  for (const side of [-1, 1]) ellipse(x + side * head * 0.35, y, head * 0.1, head * 0.12, [30, 30, 40]);
  rectangle(x, y + head * 0.5, head * 0.6, head * 0.08, [140, 40, 50]);
  return await sharp(pixels, { raw: { width: SIDE, height: SIDE, channels: 3 } })
    .jpeg({ quality: 90 })
    .toBuffer();
}
