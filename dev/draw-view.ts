/**
 * Pictures with the statistics of photos, drawn from a seed: things of all sizes that hide each other ("dead leaves":
 * as many per size as in nature), each with its own shade and grain, before a background out of focus, under uneven
 * light.
 */
import sharp from 'sharp';
import type { Sharp } from 'sharp';
import { createRandom } from './random.ts';
import type { Random } from './random.ts';

type Colour = readonly [number, number, number];

interface Leaf {
  readonly x: number;
  readonly y: number;
  readonly wide: number;
  readonly high: number;
  readonly turn: number;
  readonly round: boolean;
  readonly colour: Colour;
  /** How its shade changes across it, and how coarse its surface is. */
  readonly slope: readonly [number, number];
  readonly surface: number;
  readonly grainAt: number;
  /** 0 far away, 1 near: how far it moves when the viewer does. */
  readonly depth: number;
}

export interface Canvas {
  readonly width: number;
  readonly height: number;
  /** RGB, row by row. */
  readonly data: Buffer;
}

export interface ViewOptions {
  readonly width?: number;
  readonly height?: number;
  /** Where the viewer stands: near things move by this share of the width. Two viewpoints give a stereo pair. */
  readonly viewpoint?: number;
}

/** Draws the view of a seed, by default of 1.0 megapixels. */
export async function drawView(seed: number, options: ViewOptions = {}): Promise<Sharp> {
  const { width, height, data } = await paintView(seed, options);
  return sharp(data, { raw: { width, height, channels: 3 } });
}

export async function paintView(
  seed: number,
  { width = 1_152, height = 864, viewpoint = 0 }: ViewOptions = {},
): Promise<Canvas> {
  const random = createRandom(seed, 'view');
  const unit = Math.min(width, height);
  const palette = Array.from({ length: 7 }, () => drawColour(random));
  const leaf = (middle: readonly [number, number], spread: number, depth: number, smallest: number): Leaf => {
    // Half as large, eight times as many: then every enlargement of a view looks like a view.
    const radius = unit / Math.sqrt(1 / 0.45 ** 2 + random.next() * (1 / smallest ** 2 - 1 / 0.45 ** 2));
    const tint = random.pick(palette);
    return {
      x: width * (middle[0] + spread * (random.next() - 0.5)),
      y: height * (middle[1] + spread * (random.next() - 0.5)),
      wide: radius * random.between(0.6, 1.5),
      high: radius * random.between(0.6, 1.5),
      turn: random.between(0, Math.PI),
      round: random.next() < 0.6,
      colour: tint.map((value) => clamp(value + random.between(-45, 45))) as unknown as Colour,
      slope: [random.between(-40, 40), random.between(-40, 40)],
      surface: random.next() < 0.5 ? random.between(4, 26) : 2,
      grainAt: random.whole(0, 100_000),
      depth,
    };
  };
  const behind = Array.from({ length: 250 }, () => leaf([0.5, 0.5], 1.3, 0.15, 0.03));
  const clusters = Array.from({ length: random.whole(3, 5) }, () => [random.next(), random.next()] as const);
  const inFront = Array.from({ length: random.whole(900, 2_200) }, () =>
    leaf(random.pick(clusters), random.between(0.3, 0.8), random.between(0.4, 1), 0.006),
  );
  const grain = grainOf(random);
  const background = { width, height, data: await ground(palette, random, width, height) };
  for (const one of behind) paint(background, one, grain, viewpoint * width);
  // Out of focus, as behind a subject; now and then everything is in focus.
  const softness = random.next() < 0.75 ? random.between(4, 14) : 0;
  const data = softness === 0 ? background.data : await blurred(background, softness);
  const canvas = { width, height, data };
  for (const one of inFront) paint(canvas, one, grain, viewpoint * width);
  light(canvas, random);
  return canvas;
}

/** Large soft areas of colour: sky, wall, floor. */
async function ground(palette: readonly Colour[], random: Random, width: number, height: number): Promise<Buffer> {
  const [columns, rows] = [4, 3];
  const cells = Buffer.from(Array.from({ length: columns * rows }, () => random.pick(palette).map(clamp)).flat());
  return await sharp(cells, { raw: { width: columns, height: rows, channels: 3 } })
    .resize(width, height, { fit: 'fill', kernel: 'cubic' })
    .raw()
    .toBuffer();
}

async function blurred({ width, height, data }: Canvas, sigma: number): Promise<Buffer> {
  return await sharp(data, { raw: { width, height, channels: 3 } })
    .blur(sigma)
    .raw()
    .toBuffer();
}

function drawColour(random: Random): Colour {
  const light = random.between(25, 225);
  return [light + random.between(-50, 50), light + random.between(-30, 30), light + random.between(-50, 50)];
}

/** Noise in several sizes, as surfaces have it; -1 to 1. */
const GRAIN_SIDE = 256;

function grainOf(random: Random): Float32Array {
  const grain = new Float32Array(GRAIN_SIDE * GRAIN_SIDE);
  for (const cell of [1, 2, 4, 8]) {
    const side = GRAIN_SIDE / cell;
    const values = Float32Array.from({ length: side * side }, () => random.next() - 0.5);
    for (let y = 0; y < GRAIN_SIDE; y++)
      for (let x = 0; x < GRAIN_SIDE; x++)
        grain[y * GRAIN_SIDE + x]! += 0.5 * values[Math.floor(y / cell) * side + Math.floor(x / cell)]!;
  }
  return grain;
}

function paint({ width, height, data }: Canvas, leaf: Leaf, grain: Float32Array, shift: number): void {
  const centre = leaf.x + shift * leaf.depth;
  const reach = Math.hypot(leaf.wide, leaf.high);
  const [cos, sin] = [Math.cos(leaf.turn), Math.sin(leaf.turn)];
  const [left, right] = [Math.max(0, Math.ceil(centre - reach)), Math.min(width - 1, centre + reach)];
  const [top, bottom] = [Math.max(0, Math.ceil(leaf.y - reach)), Math.min(height - 1, leaf.y + reach)];
  for (let y = top; y <= bottom; y++) {
    for (let x = left; x <= right; x++) {
      const [dx, dy] = [x - centre, y - leaf.y];
      const u = (dx * cos + dy * sin) / leaf.wide;
      const v = (dy * cos - dx * sin) / leaf.high;
      if (leaf.round ? u * u + v * v > 1 : Math.abs(u) > 0.8 || Math.abs(v) > 0.8) continue;
      const row = (Math.round(dy) + leaf.grainAt) & (GRAIN_SIDE - 1);
      const column = (Math.round(dx) + (leaf.grainAt >> 8)) & (GRAIN_SIDE - 1);
      const shade = u * leaf.slope[0] + v * leaf.slope[1] + leaf.surface * grain[row * GRAIN_SIDE + column]!;
      const at = (y * width + x) * 3;
      for (let channel = 0; channel < 3; channel++) data[at + channel] = clamp(leaf.colour[channel]! + shade);
    }
  }
}

/** Light from one side, darker corners, and the noise of a sensor. */
export function light({ width, height, data }: Canvas, random: Random): void {
  const [slopeX, slopeY] = [random.between(-0.25, 0.25), random.between(-0.2, 0.2)];
  const corners = random.between(0, 0.35);
  const exposure = random.between(0.85, 1.1);
  const noise = random.between(2, 7);
  for (let y = 0; y < height; y++) {
    const v = (2 * y) / height - 1;
    for (let x = 0; x < width; x++) {
      const u = (2 * x) / width - 1;
      const gain = exposure * (1 + slopeX * u + slopeY * v) * (1 - (corners * (u * u + v * v)) / 2);
      const at = (y * width + x) * 3;
      const grain = noise * (random.next() + random.next() - 1);
      for (let channel = 0; channel < 3; channel++) data[at + channel] = clamp(data[at + channel]! * gain + grain);
    }
  }
}

export function clamp(value: number): number {
  return value < 0 ? 0 : value > 255 ? 255 : value;
}
