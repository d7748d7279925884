/** Pictures for tests, drawn from a seed: soft light, many things of all sizes, fine grain; as different from each other as photos are. */
import { deflateSync } from 'node:zlib';
import sharp from 'sharp';
import type { Sharp } from 'sharp';

const THINGS = 400;

/** A scene of its own for each seed. Opened without limits: it is ours. */
export async function scene(seed: number, { width = 900, height = 700 } = {}): Promise<Sharp> {
  const random = randomFrom(seed);
  const cells = Buffer.alloc(10 * 8 * 3);
  for (let i = 0; i < cells.length; i += 3) {
    const light = 30 + random() * 190;
    for (let channel = 0; channel < 3; channel++) cells[i + channel] = light + (random() - 0.5) * 60;
  }
  const { data } = await sharp(cells, { raw: { width: 10, height: 8, channels: 3 } })
    .resize(width, height, { fit: 'fill', kernel: 'cubic' })
    .raw()
    .toBuffer({ resolveWithObject: true });
  for (let thing = 0; thing < THINGS; thing++) {
    // From as large as a head to as small as a leaf, so that there is detail in every size.
    const side = 4 + (Math.min(width, height) / 4) * random() ** 3;
    const [left, top] = [random() * width - side / 2, random() * height - side / 2];
    const [wide, high] = [side * (0.5 + random()), side * (0.5 + random())];
    const tint = (random() - 0.5) * 160;
    const round = random() < 0.5;
    for (let y = Math.max(0, Math.ceil(top)); y < Math.min(height, top + high); y++) {
      for (let x = Math.max(0, Math.ceil(left)); x < Math.min(width, left + wide); x++) {
        const [u, v] = [(2 * (x - left)) / wide - 1, (2 * (y - top)) / high - 1];
        if (round && u * u + v * v > 1) continue;
        for (let channel = 0; channel < 3; channel++) {
          const at = (y * width + x) * 3 + channel;
          data[at] = Math.max(0, Math.min(255, data[at]! + tint * (1 - 0.2 * channel)));
        }
      }
    }
  }
  for (let i = 0; i < data.length; i++) data[i] = Math.max(0, Math.min(255, data[i]! + (random() - 0.5) * 30));
  return sharp(data, { raw: { width, height, channels: 3 } });
}

const drawn = new Map<string, Promise<Buffer>>();

/** The scene as a JPEG; drawn once per test file. */
export async function jpegScene(seed: number, size?: { width: number; height: number }): Promise<Buffer> {
  const name = JSON.stringify([seed, size]);
  const known = drawn.get(name) ?? scene(seed, size).then((picture) => picture.jpeg({ quality: 92 }).toBuffer());
  drawn.set(name, known);
  return await known;
}

/** A PNG of one bit per pixel and a few hundred kilobytes that unpacks to any number of pixels. */
export function bombPng(side: number): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(side, 0);
  header.writeUInt32BE(side, 4);
  header.set([1, 0, 0, 0, 0], 8);
  const rows = Buffer.alloc((Math.ceil(side / 8) + 1) * side);
  return png([
    ['IHDR', header],
    ['IDAT', deflateSync(rows, { level: 1 })],
    ['IEND', Buffer.alloc(0)],
  ]);
}

/** Marks a PNG as animated by the chunk that announces frames. */
export function animatedPng(still: Buffer): Buffer {
  const control = Buffer.from([0, 0, 0, 2, 0, 0, 0, 0]);
  const afterHeader = 8 + 25;
  return Buffer.concat([still.subarray(0, afterHeader), chunk('acTL', control), still.subarray(afterHeader)]);
}

function png(chunks: readonly [type: string, data: Buffer][]): Buffer {
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    ...chunks.map(([type, data]) => chunk(type, data)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(data.length, 0);
  body.copy(framed, 4);
  framed.writeUInt32BE(crc32(body), body.length + 4);
  return framed;
}

function crc32(bytes: Buffer): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}

/** Mulberry32: small, seeded, good enough for pictures. */
function randomFrom(seed: number): () => number {
  let state = (seed * 0x9e3779b1) >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
