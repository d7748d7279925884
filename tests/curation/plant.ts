/** Defects and copies, made from a picture by the numbers that a seed draws. */
import sharp from 'sharp';
import type { Sharp } from 'sharp';
import type { Random } from '../../dev/random.ts';

/** A decoded upright picture, RGB. */
export interface Base {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly data: Buffer;
}

export interface Planted {
  readonly name: string;
  readonly bytes: Buffer;
}

export type Plant = (base: Base, random: Random) => Promise<Planted>;

export async function baseOf(name: string, picture: Sharp): Promise<Base> {
  const { data, info } = await picture
    .flatten()
    .toColourspace('srgb')
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  const rgb = info.channels === 3 ? data : Buffer.from([...data].flatMap((value) => [value, value, value]));
  return { name, width: info.width, height: info.height, data: rgb };
}

export function open({ width, height, data }: Omit<Base, 'name'>): Sharp {
  return sharp(data, { raw: { width, height, channels: 3 } });
}

/** The base as its owner has it. */
export async function original(base: Base): Promise<Planted> {
  return { name: `${base.name}--original.jpg`, bytes: await open(base).jpeg({ quality: 94 }).toBuffer() };
}

const named = (base: Base, what: string, bytes: Buffer): Planted => ({ name: `${base.name}--${what}`, bytes });
const jpeg = (picture: Sharp, quality = 88) => picture.jpeg({ quality }).toBuffer();
const resized = (base: Base, scale: number) => open(base).resize(Math.round(base.width * scale));
/** One pipeline's pixels as the start of another: sharp orders the steps of one pipeline itself. */
const settle = async (picture: Sharp): Promise<Omit<Base, 'name'>> => {
  const { data, info } = await picture.raw().toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, data };
};

/** Copies that show the whole picture. */
export const COPIES: readonly Plant[] = [
  async (base, random) => named(base, 'small.jpg', await jpeg(resized(base, random.between(0.2, 0.35)))),
  async (base, random) => named(base, 'half.jpg', await jpeg(resized(base, random.between(0.35, 0.5)))),
  async (base, random) => named(base, 'hard.jpg', await jpeg(open(base), random.whole(20, 45))),
  async (base, random) => named(base, 'again.jpg', await jpeg(open(base), random.whole(46, 90))),
  async (base, random) =>
    named(base, 'web.webp', await resized(base, random.between(0.6, 1)).webp({ quality: 70 }).toBuffer()),
  async (base, random) => named(base, 'lossless.png', await resized(base, random.between(0.6, 0.9)).png().toBuffer()),
  async (base) => named(base, 'modern.avif', await open(base).avif({ quality: 55, effort: 0 }).toBuffer()),
  async (base, random) =>
    named(base, 'mirror.jpg', await jpeg(open(await settle(resized(base, random.between(0.5, 1)))).flop())),
  async (base, random) => {
    const turn = random.pick([90, 180, 270]);
    return named(base, `turned-${turn}.jpg`, await jpeg(open(await settle(resized(base, 0.8))).rotate(turn)));
  },
  async (base, random) => {
    const orientation = random.whole(2, 8);
    return named(base, `exif-${orientation}.jpg`, await storedTurned(await settle(resized(base, 0.9)), orientation));
  },
  async (base, random) =>
    named(base, 'grey.jpg', await jpeg(open(await settle(resized(base, random.between(0.6, 1)))).greyscale())),
  async (base, random) =>
    named(
      base,
      'tint.jpg',
      await jpeg(open(base).recomb(warmth(random.between(0.75, 1.25), random.between(0.75, 1.25)))),
    ),
];

type Row = [number, number, number];

function warmth(red: number, blue: number): [Row, Row, Row] {
  return [
    [red, 0, 0],
    [0, 1, 0],
    [0, 0, blue],
  ];
}

/** A JPEG that is upright only for who follows its EXIF orientation. */
export async function storedTurned(upright: Omit<Base, 'name'>, orientation: number, quality = 90): Promise<Buffer> {
  const [turn, mirrored] = UNDO[orientation]!;
  let stored = await settle(mirrored ? open(upright).flop() : open(upright));
  if (turn !== 0) stored = await settle(open(stored).rotate(turn));
  return await open(stored).withMetadata({ orientation }).jpeg({ quality, chromaSubsampling: '4:4:4' }).toBuffer();
}

/** By EXIF orientation: mirror first if at all, then turn clockwise by so many degrees, to come from upright to stored. */
const UNDO: Readonly<Record<number, readonly [turn: number, mirrored: boolean]>> = {
  1: [0, false],
  2: [0, true],
  3: [180, false],
  4: [180, true],
  5: [270, true],
  6: [270, false],
  7: [90, true],
  8: [90, false],
};

/** Crops that leave `low` to `high` of the area's sides, and change of the sides' ratio by up to 20 %. */
function crop(what: string, low: number, high: number, { aspect = 1, mirrored = false, smaller = 1 } = {}): Plant {
  return async (base, random) => {
    const share = random.between(low, high);
    // The drawn share is that of the sides; a changed ratio takes more from one of them.
    const ratio = 1 + (random.next() < 0.5 ? -1 : 1) * random.between(0.08, 0.2) * (aspect === 1 ? 0 : 1);
    const width = Math.round(base.width * share * Math.min(1, ratio));
    const height = Math.round(base.height * share * Math.min(1, 1 / ratio));
    const left = random.whole(0, base.width - width);
    const top = random.whole(0, base.height - height);
    const part = await settle(open(base).extract({ left, top, width, height }));
    const turned = mirrored ? await settle(open(part).flop()) : part;
    const name = `${what}-${Math.round((100 * width * height) / base.width / base.height)}.jpg`;
    return named(base, name, await jpeg(open(turned).resize(Math.round(turned.width * smaller))));
  };
}

/** Crops to 70 to 97 %, with and without bars and mirrors. */
export const CROPS: readonly Plant[] = [
  crop('crop-a', 0.9, 0.97),
  crop('crop-b', 0.84, 0.9),
  crop('crop-c', 0.77, 0.84),
  crop('crop-d', 0.7, 0.77),
  crop('crop-e', 0.7, 0.97, { smaller: 0.7 }),
  crop('aspect-a', 0.88, 0.97, { aspect: 1.2 }),
  crop('aspect-b', 0.88, 0.97, { aspect: 1.2, smaller: 0.8 }),
  crop('crop-mirror', 0.75, 0.97, { mirrored: true }),
  async (base, random) => {
    const bar = Math.round(base.height * random.between(0.06, 0.18));
    const background = random.pick(['#000000', '#ffffff', '#101418']);
    return named(base, 'bars.jpg', await jpeg(open(base).extend({ top: bar, bottom: bar, background })));
  },
  async (base, random) => {
    const side = () => Math.round(base.width * random.between(0.02, 0.12));
    const padding = { top: side(), bottom: side(), left: side(), right: side() };
    const background = random.pick(['#000000', '#ffffff', '#808080']);
    return named(base, 'padded.jpg', await jpeg(open(base).extend({ ...padding, background })));
  },
];

/** What is hard to find: at least every second one counts as "very similar" too. */
export const HARD: readonly Plant[] = [
  crop('crop-hard', 0.55, 0.7),
  async (base, random) => named(base, 'text.jpg', await jpeg(open(writeText(base, random)))),
  async (base, random) => {
    const angle = 1.5 * (random.next() < 0.5 ? -1 : 1);
    const turned = await settle(open(base).rotate(angle));
    // As a photo editor straightens: the largest part without empty corners.
    const inset = Math.tan((1.5 * Math.PI) / 180);
    const [width, height] = [
      Math.floor(base.width - inset * base.height),
      Math.floor(base.height - inset * base.width),
    ];
    const place = {
      left: Math.floor((turned.width - width) / 2),
      top: Math.floor((turned.height - height) / 2),
      width,
      height,
    };
    return named(base, 'tilted.jpg', await jpeg(open(await settle(open(turned).extract(place)))));
  },
];

/** A line of letters as an app writes it over a photo: white with a dark edge, over about a twelfth of its height. */
function writeText(base: Base, random: Random): Omit<Base, 'name'> {
  const data = Buffer.from(base.data);
  const pixel = Math.max(2, Math.round(base.height / 90));
  const top = Math.round(base.height * random.between(0.1, 0.75));
  const letters = Math.floor((base.width * 0.85) / (6 * pixel));
  const fill = (x: number, y: number, side: number, value: number) => {
    for (let row = Math.max(0, y); row < Math.min(base.height, y + side); row++) {
      const from = Math.max(0, x);
      const to = Math.min(base.width, x + side);
      if (to > from) data.fill(value, (row * base.width + from) * 3, (row * base.width + to) * 3);
    }
  };
  for (let letter = 0; letter < letters; letter++) {
    if (random.next() < 0.15) continue;
    const strokes = Array.from({ length: 35 }, () => random.next() < 0.5);
    for (const [edge, value] of [
      [Math.round(pixel / 2), 16],
      [0, 250],
    ] as const) {
      strokes.forEach((on, place) => {
        if (!on) return;
        const x = Math.round(base.width * 0.08) + (letter * 6 + (place % 5)) * pixel;
        const y = top + Math.floor(place / 5) * pixel;
        fill(x - edge, y - edge, pixel + 2 * edge, value);
      });
    }
  }
  return { width: base.width, height: base.height, data };
}

/** The base at the size that blur is planted at: long side 1,024 px at most. */
async function atWorkingSize(base: Base): Promise<Omit<Base, 'name'>> {
  return await settle(open(base).resize(1_024, 1_024, { fit: 'inside', withoutEnlargement: true }));
}

function kernelOf(size: number, weight: (x: number, y: number) => number) {
  const middle = (size - 1) / 2;
  const kernel = Array.from({ length: size * size }, (_, i) =>
    weight((i % size) - middle, Math.floor(i / size) - middle),
  );
  return { width: size, height: size, kernel };
}

function gaussian(low: number, high: number): Plant {
  return async (base, random) => {
    const sigma = random.between(low, high);
    return named(base, `blur-${sigma.toFixed(1)}.jpg`, await jpeg(open(await atWorkingSize(base)).blur(sigma), 92));
  };
}

function disc(low: number, high: number): Plant {
  return async (base, random) => {
    const radius = random.between(low, high);
    const size = 2 * Math.ceil(radius) + 1;
    const kernel = kernelOf(size, (x, y) => Math.max(0, Math.min(1, radius + 0.5 - Math.hypot(x, y))));
    return named(
      base,
      `disc-${radius.toFixed(1)}.jpg`,
      await jpeg(open(await atWorkingSize(base)).convolve(kernel), 92),
    );
  };
}

function motion(degrees: number): Plant {
  return async (base, random) => {
    const length = random.between(15, 24);
    const size = 2 * Math.ceil(length / 2) + 1;
    const [cos, sin] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
    const kernel = kernelOf(size, (x, y) => {
      const along = Math.max(0, Math.min(1, length / 2 + 0.5 - Math.abs(x * cos + y * sin)));
      return along * Math.max(0, 1 - Math.abs(y * cos - x * sin));
    });
    const name = `motion-${degrees}-${length.toFixed(0)}.jpg`;
    return named(base, name, await jpeg(open(await atWorkingSize(base)).convolve(kernel), 92));
  };
}

/** Soft, shaken and enlarged pictures. */
export const BLURS: readonly Plant[] = [
  gaussian(2, 3),
  gaussian(3, 4),
  gaussian(4, 5),
  disc(4, 7),
  motion(0),
  motion(22),
  motion(45),
  motion(135),
  async (base) => {
    const { width, height } = await atWorkingSize(base);
    const quarter = await settle(resized(base, width / 4 / base.width));
    return named(base, 'enlarged-4.jpg', await jpeg(open(quarter).resize(width, height, { fit: 'fill' }), 92));
  },
];

/** Dark and flat pictures. */
export const LIGHTS: readonly Plant[] = [
  async (base) => named(base, 'dark.jpg', await jpeg(open(base).linear(0.2, 0), 92)),
  async (base, random) => {
    const middle = random.between(100, 150);
    return named(base, 'flat.jpg', await jpeg(open(base).linear(0.2, 0.8 * middle), 92));
  },
];
