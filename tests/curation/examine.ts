/** What the groups of planted defects have in common: pictures in, decisions out, and shares of what was found. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { resolveCurationOptions } from '../../core/curation.ts';
import type { CurationOptions, PhotoOverride } from '../../core/curation.ts';
import type { AnalysisCache, CuratedSet, Curator, PhotoToCurate } from '../../curation/contract.ts';
import { drawView } from '../../dev/draw-view.ts';
import { baseOf } from './plant.ts';
import type { Base, Plant, Planted } from './plant.ts';
import { createRandom } from '../../dev/random.ts';

/** Real photos, where they lie beside the project; not needed. */
const PHOTO_FOLDER = process.env['TEMPERA_PHOTOS'] ?? join(import.meta.dirname, '../../../shared/images');
export const HAS_PHOTOS = existsSync(PHOTO_FOLDER);

/** One run per seed; a failure is repeated with `PLANTED_SEEDS=<seed>`. */
export const SEEDS: readonly number[] = (process.env['PLANTED_SEEDS'] ?? String(Math.floor(Math.random() * 1e9)))
  .split(',')
  .map(Number);

const NO_WORD: PhotoOverride = { decision: null, framing: null, caption: null, by: 'the examiner', why: null };

export function photoOf({ name, bytes }: Planted, override: Partial<PhotoOverride> | null = null): PhotoToCurate {
  return {
    id: name,
    filename: name,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    caption: null,
    override: override && { ...NO_WORD, ...override },
    read: async () => bytes,
  };
}

export async function curateSet(
  curator: Curator,
  photos: readonly PhotoToCurate[],
  options: Partial<CurationOptions> = {},
  cache: AnalysisCache | null = null,
): Promise<CuratedSet> {
  return await curator.curate({
    photos,
    options: resolveCurationOptions({ subjectKind: 'style', maxPhotos: 200, ...options }),
    training: { triggerWord: 'ohwx', resolutions: [512, 768, 1_024], divisor: 16 },
    cache,
    captioner: null,
  });
}

export function memoryCache(): AnalysisCache {
  const entries = new Map<string, Uint8Array>();
  return {
    get: async (key) => entries.get(key) ?? null,
    put: async (key, bytes) => {
      entries.set(key, bytes);
    },
  };
}

/** Ten pictures that have nothing to do with each other. */
export async function drawnBases(seed: number, count = 10): Promise<Base[]> {
  const bases: Base[] = [];
  for (let i = 0; i < count; i++) {
    const random = createRandom(seed, 'size', i);
    const [long, short] = [random.whole(1_050, 1_250), random.whole(760, 900)];
    const size = random.next() < 0.5 ? { width: long, height: short } : { width: short, height: long };
    bases.push(await baseOf(`drawn${i}`, await drawView(seed + 7_919 * i, size)));
  }
  return bases;
}

/** Every picture of the folder that differs from the others; the person in three of them is the same. */
const REAL = [
  'astronaut.png',
  'camera.png',
  'chelsea.png',
  'coffee.png',
  'rocket.jpg',
  'exif-portrait-1.jpg',
  'human-author-1.jpg',
  'human-author-2.jpg',
  'human-author-3.jpg',
  'brick.png',
  'grass.png',
] as const;

export async function realBases(): Promise<Base[]> {
  const bases: Base[] = [];
  for (const file of REAL) bases.push(await realBase(file));
  return bases;
}

export async function realBase(file: (typeof REAL)[number]): Promise<Base> {
  return await baseOf(file.replace(/\.\w+$/, ''), sharp(join(PHOTO_FOLDER, file)).autoOrient());
}

/** Every plant on every base, one after the other: two cores are the smallest machine. */
export async function plantAll(bases: readonly Base[], plants: readonly Plant[], seed: number): Promise<Planted[]> {
  const planted: Planted[] = [];
  for (const base of bases) {
    for (const [index, plant] of plants.entries())
      planted.push(await plant(base, createRandom(seed, base.name, plants.length, index)));
  }
  return planted;
}

/** The base that a planted picture was made from, by its name. */
export function familyOf(name: string): string {
  return name.split('--')[0]!;
}

/** How many of how many, for the line that every group prints. */
export interface Score {
  readonly hits: number;
  readonly of: number;
  readonly missed: readonly string[];
}

export function score<Item>(
  items: readonly Item[],
  isHit: (item: Item) => boolean,
  name: (item: Item) => string,
): Score {
  const missed = items.filter((item) => !isHit(item));
  return { hits: items.length - missed.length, of: items.length, missed: missed.map(name) };
}

export function share({ hits, of }: Score): number {
  return of === 0 ? 1 : hits / of;
}

/** Prints what was measured, whatever the verdict. */
export function tell(group: string, measured: Score, target: number): void {
  const { hits, of, missed } = measured;
  const names = `${missed.slice(0, 12).join(', ')}${missed.length > 12 ? ', ...' : ''}`;
  const tail = missed.length === 0 ? '' : `; missed: ${names}`;
  process.stdout.write(
    `planted  ${group}: ${hits} of ${of} = ${share(measured).toFixed(3)} (target ${target})${tail}\n`,
  );
}
