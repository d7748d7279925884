import { describe, expect, it } from 'vitest';
import { fromPixels } from '../intake/pictures.ts';
import type { Pixels } from '../intake/pictures.ts';
import { borders, insideBars } from './bars.ts';
import { colourDistance, colours } from './colours.ts';
import { sharpness } from './sharpness.ts';
import { tileDetail } from './tile-detail.ts';
import { lumaOf, tones } from './tones.ts';

/** A grey picture by a rule for each pixel. */
function grey(width: number, height: number, value: (x: number, y: number) => number): Pixels {
  const data = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) data[y * width + x] = value(x, y);
  return { width, height, data };
}

/** Hard-edged squares of 40 pixels in pseudo-random tones. */
function squares(x: number, y: number): number {
  return (Math.imul(Math.floor(x / 40) + 57 * Math.floor(y / 40), 2_654_435_761) >>> 24) & 255;
}

async function blurred(picture: Pixels, sigma: number): Promise<Pixels> {
  const data = await fromPixels(picture, 1).blur(sigma).extractChannel(0).raw().toBuffer();
  return { ...picture, data };
}

describe('sharpness', () => {
  const picture = grey(400, 300, squares);

  it('falls with blur and stays the same in the dark', async () => {
    const dark = grey(400, 300, (x, y) => squares(x, y) / 4);

    expect(sharpness(picture)).toBeGreaterThan(0.7);
    expect(sharpness(await blurred(picture, 2))).toBeLessThan(0.5);
    expect(sharpness(await blurred(picture, 5))).toBeLessThan(sharpness(await blurred(picture, 2)));
    expect(sharpness(dark)).toBeCloseTo(sharpness(picture), 1);
  });

  it.each([
    ['along the rows', 1, 0],
    ['along the columns', 0, 1],
    ['falling', 1, 1],
    ['rising', 1, -1],
    ['at 27 degrees', 2, 1],
    ['at 117 degrees', -1, 2],
  ])('notices motion %s', (_name, dx, dy) => {
    const moving = grey(400, 300, (x, y) => {
      let sum = 0;
      for (let i = 0; i < 15; i++) sum += squares(Math.max(0, x + i * dx), Math.max(0, y + i * dy));
      return sum / 15;
    });

    expect(sharpness(moving)).toBeLessThan(0.42);
  });

  it('is 0 for an even picture', () => {
    expect(sharpness(grey(100, 100, () => 80))).toBe(0);
  });
});

describe('tileDetail', () => {
  it('asks for detail in a few tiles only', () => {
    const corner = grey(400, 400, (x, y) => (x < 150 && y < 150 ? squares(x * 8, y * 8) : 90));

    expect(tileDetail(corner)).toBeGreaterThan(70);
    expect(tileDetail(grey(400, 400, (x) => x / 2))).toBeLessThan(25);
  });
});

describe('tones', () => {
  it('gives percentiles of the luma', () => {
    const ramp = grey(256, 10, (x) => x);

    expect(tones(ramp)).toEqual({ lumaP5: 12, lumaP50: 127, lumaP95: 243, lumaP99: 253 });
  });

  it('weighs the colours as ITU-R BT.601 does', () => {
    const pixels = { width: 3, height: 1, data: Uint8Array.from([255, 0, 0, 0, 255, 0, 0, 0, 255]) };

    expect([...lumaOf(pixels).data]).toEqual([76, 149, 28]);
  });
});

describe('colours', () => {
  const even = (rgb: readonly [number, number, number]) => ({
    width: 8,
    height: 8,
    data: Uint8Array.from({ length: 192 }, (_, i) => rgb[i % 3]!),
  });

  it('is 0 for grey and large for loud colours', () => {
    expect(colours(even([90, 90, 90])).colourfulness).toBe(0);
    expect(colours(even([255, 0, 0])).colourfulness).toBeGreaterThan(80);
  });

  it('tells pictures of the same from pictures of other colours', () => {
    const red = colours(even([250, 10, 10])).histogram;

    expect(colourDistance(red, colours(even([240, 20, 20])).histogram)).toBe(0);
    expect(colourDistance(red, colours(even([10, 10, 250])).histogram)).toBe(1);
  });
});

describe('bars', () => {
  const scene = (x: number, y: number) => squares(x * 3, y * 3);
  const share = (picture: Pixels) => borders(picture, insideBars(picture)).barShare;
  const border = (picture: Pixels) => borders(picture, insideBars(picture)).borderShare;

  it('finds bars above and below, and cuts them off', () => {
    const still = grey(200, 100, (x, y) => (y < 12 || y >= 88 ? 0 : scene(x, y)));

    expect(insideBars(still)).toEqual({ left: 0, top: 12, width: 200, height: 76 });
    expect(share(still)).toBeCloseTo(0.24, 2);
  });

  it('does not take one even side, or a soft background, for bars', () => {
    const wall = grey(200, 100, (x, y) => (y < 30 ? 200 : scene(x, y)));
    const soft = grey(200, 100, (x, y) => {
      const middle = Math.max(0, 30 - Math.abs(y - 50));
      return 120 + Math.min(8, middle) * (squares(x * 3, 0) > 128 ? 1 : -1);
    });

    expect(share(wall)).toBe(0);
    expect(share(soft)).toBe(0);
  });

  it('finds bars around a dark picture, and padding on one side', () => {
    const dark = grey(200, 100, (x, y) => (y < 12 || y >= 88 ? 0 : scene(x, y) / 8));
    const padded = grey(200, 100, (x, y) => (x < 30 ? 255 : scene(x, y) / 2));

    expect(share(dark)).toBeCloseTo(0.24, 2);
    expect(share(padded)).toBe(0);
    expect(border(padded)).toBeCloseTo(0.15, 2);
  });

  it('calls nothing of an even picture a bar', () => {
    expect(share(grey(100, 100, () => 40))).toBe(0);
  });
});
