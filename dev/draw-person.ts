/** A person, drawn with enough light and shade that the face model takes the head for a face. */
import sharp from 'sharp';
import type { Sharp } from 'sharp';
import { clamp, light, paintView } from './draw-view.ts';
import type { Canvas } from './draw-view.ts';
import { createRandom } from './random.ts';

type Colour = readonly [number, number, number];

export interface PersonOptions {
  readonly width: number;
  readonly height: number;
  /** From hair to chin, in pixels. */
  readonly head: number;
  /** Middle of the head. */
  readonly x: number;
  readonly y: number;
}

/** Draws a standing person before the view of a seed; what does not fit into the picture is cut off. */
export async function drawPerson(seed: number, options: PersonOptions): Promise<Sharp> {
  const { width, height, head, x, y } = options;
  const random = createRandom(seed, 'person');
  const view = await paintView(seed, { width, height });
  const { data } = await sharp(view.data, { raw: { width, height, channels: 3 } })
    .blur(9)
    .raw()
    .toBuffer({ resolveWithObject: true });
  const canvas: Canvas = { width, height, data };
  const tone = random.between(0.75, 1.1);
  const skin: Colour = [212 * tone, 160 * tone, 132 * tone];
  const hair = random.pick<Colour>([
    [45, 32, 24],
    [92, 62, 38],
    [28, 26, 28],
  ]);
  const coat = random.pick<Colour>([
    [46, 62, 110],
    [120, 44, 48],
    [58, 92, 70],
    [190, 186, 176],
  ]);
  const trousers = random.pick<Colour>([
    [50, 52, 60],
    [88, 78, 64],
  ]);
  /** An ellipse in units of the head, lit from above left; `soft`: how far its edge runs out. */
  const blob = (
    [cx, cy]: readonly [number, number],
    [rx, ry]: readonly [number, number],
    colour: Colour,
    { shade = 0.25, soft = 0.03, strength = 1 } = {},
  ) => {
    const [mx, my, wide, high] = [x + cx * head, y + cy * head, rx * head, ry * head];
    const edge = 1 + soft * 2;
    for (let py = Math.max(0, Math.floor(my - high * edge)); py < Math.min(height, my + high * edge); py++) {
      for (let px = Math.max(0, Math.floor(mx - wide * edge)); px < Math.min(width, mx + wide * edge); px++) {
        const [u, v] = [(px - mx) / wide, (py - my) / high];
        const distance = Math.hypot(u, v);
        const cover = strength * Math.max(0, Math.min(1, (1 + soft - distance) / (2 * soft)));
        if (cover === 0) continue;
        const lit = 1 - shade * (0.55 * u + 0.45 * v + 0.5 * distance * distance);
        const at = (py * width + px) * 3;
        for (let channel = 0; channel < 3; channel++)
          data[at + channel] = clamp(data[at + channel]! * (1 - cover) + colour[channel]! * lit * cover);
      }
    }
  };
  const darker = (colour: Colour, by: number): Colour => [colour[0] * by, colour[1] * by * 0.95, colour[2] * by * 0.92];
  // The body: legs, arms, trunk, neck.
  for (const side of [-1, 1]) {
    blob([side * 0.42, 5.2], [0.36, 2.1], trousers);
    blob([side * 0.5, 7.15], [0.34, 0.18], [40, 34, 32]);
    blob([side * 1.12, 2.3], [0.26, 1.45], darker(coat, 0.85));
    blob([side * 1.16, 3.75], [0.17, 0.25], skin);
  }
  blob([0, 2.1], [1.02, 1.7], coat);
  blob([0, 0.86], [1.15, 0.42], coat);
  // A shirt, a belt and a pocket: an even trunk is an egg, and an egg is nearly a face.
  blob([0, 1.9], [0.16, 1.15], [225, 222, 214], { shade: 0.1 });
  for (let button = 0; button < 5; button++) blob([0.02, 1.25 + 0.42 * button], [0.03, 0.03], [70, 66, 60]);
  blob([0, 3.45], [0.8, 0.09], [38, 30, 26]);
  blob([-0.55, 1.75], [0.2, 0.04], darker(coat, 0.6));
  blob([0, 0.55], [0.26, 0.4], darker(skin, 0.78));
  // The head: hair behind, face, ears, hair in front.
  blob([0, -0.06], [0.44, 0.52], hair);
  for (const side of [-1, 1]) blob([side * 0.385, 0.06], [0.06, 0.11], darker(skin, 0.9));
  blob([0, 0.04], [0.37, 0.47], skin, { shade: 0.3, soft: 0.025 });
  blob([0, 0.25], [0.27, 0.25], skin, { shade: 0.2, soft: 0.3 });
  blob([0, -0.36], [0.36, 0.17], hair, { soft: 0.12 });
  // Eye sockets, brows, eyes.
  for (const side of [-1, 1]) {
    blob([side * 0.155, -0.03], [0.11, 0.075], darker(skin, 0.72), { soft: 0.5, strength: 0.7 });
    blob([side * 0.155, -0.115], [0.105, 0.022], hair, { soft: 0.35, strength: 0.9 });
    blob([side * 0.155, -0.02], [0.072, 0.034], [238, 234, 230], { soft: 0.12, shade: 0.1 });
    blob([side * 0.155, -0.02], [0.034, 0.034], [62, 44, 34], { soft: 0.15, shade: 0.1 });
    blob([side * 0.155, -0.02], [0.016, 0.016], [8, 8, 8], { soft: 0.2 });
    blob([side * 0.155 - 0.012, -0.032], [0.008, 0.008], [255, 255, 255], { soft: 0.3 });
    blob([side * 0.155, -0.052], [0.08, 0.014], [40, 28, 24], { soft: 0.4 });
    blob([side * 0.22, 0.16], [0.11, 0.09], [skin[0], skin[1] * 0.86, skin[2] * 0.84], { soft: 0.6, strength: 0.5 });
  }
  // Nose and mouth.
  blob([0.035, 0.06], [0.035, 0.13], darker(skin, 0.82), { soft: 0.7, strength: 0.7 });
  blob([-0.012, 0.05], [0.022, 0.12], [skin[0] * 1.08, skin[1] * 1.08, skin[2] * 1.08], { soft: 0.7, strength: 0.7 });
  blob([0, 0.16], [0.07, 0.035], darker(skin, 0.9), { soft: 0.4 });
  for (const side of [-1, 1]) blob([side * 0.036, 0.178], [0.018, 0.012], darker(skin, 0.4), { soft: 0.4 });
  blob([0, 0.265], [0.125, 0.026], [168, 84, 80], { soft: 0.25 });
  blob([0, 0.298], [0.1, 0.026], [188, 100, 94], { soft: 0.3 });
  blob([0, 0.28], [0.115, 0.008], [92, 40, 40], { soft: 0.4 });
  blob([0, 0.345], [0.08, 0.02], darker(skin, 0.8), { soft: 0.7, strength: 0.6 });
  light(canvas, random);
  return sharp(data, { raw: { width, height, channels: 3 } });
}
