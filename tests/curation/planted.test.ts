/**
 * Defects planted by the test, on pictures that it draws and on real photos where they lie beside the project. Every run takes
 * new seeds and prints them and what was measured; no limit of curation may be tuned on them. `PLANTED_SEEDS=1,2` repeats runs.
 */
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import sharp from 'sharp';
import type { Sharp } from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Framing } from '../../core/curation.ts';
import { FRAMINGS } from '../../core/curation.ts';
import type { CuratedSet } from '../../curation/contract.ts';
import { createCurator } from '../../curation/curator.ts';
import { preparePhoto } from '../../curation/prepare.ts';
import { renderContactSheet } from '../../curation/report/contact-sheet.ts';
import { renderReport } from '../../curation/report/html.ts';
import type { CurationReport, PhotoReport } from '../../curation/report/report.ts';
import { quotas } from '../../curation/selection/quotas.ts';
import { drawPerson } from '../../dev/draw-person.ts';
import { drawView } from '../../dev/draw-view.ts';
import {
  curateSet,
  drawnBases,
  familyOf,
  HAS_PHOTOS,
  memoryCache,
  photoOf,
  plantAll,
  realBase,
  realBases,
  score,
  SEEDS,
  share,
  tell,
} from './examine.ts';
import type { Score } from './examine.ts';
import { hostileFiles, strangeFiles, vastPictures, writeFiles, writeHugeFile } from './hostile-files.ts';
import type { StrangeFile } from './hostile-files.ts';
import { BLURS, COPIES, CROPS, HARD, LIGHTS, open, original } from './plant.ts';
import type { Base, Planted } from './plant.ts';
import { createRandom } from '../../dev/random.ts';

/** A picture that is upside down, mirrored or inverted is alike by 0.46 at most, one that went through CMYK by 0.97 at least (6 seeds). */
const UPRIGHT = 0.9;
const ROOT = join(import.meta.dirname, '../..');
/** No test is about time: these only end what hangs. */
const PATIENCE_MS = 900_000;
const MEMORY_BYTES = 500e6;

const curator = createCurator();
afterAll(() => curator.stop());

let home: string;
beforeAll(async () => {
  process.stdout.write(`planted  PLANTED_SEEDS=${SEEDS.join(',')}\n`);
  home = await mkdtemp(join(tmpdir(), 'tempera-planted-'));
});
afterAll(() => rm(home, { recursive: true, force: true }));

describe.each(SEEDS)('planted with seed %i', { timeout: PATIENCE_MS }, (seed) => {
  describe.each(
    [
      { kind: 'drawn', bases: () => drawnBases(seed), there: true },
      { kind: 'real', bases: realBases, there: HAS_PHOTOS },
    ].filter(({ there }) => there),
  )('on $kind pictures', ({ kind, bases: makeBases }) => {
    let bases: Base[];
    let originals: Planted[];
    let clean: CuratedSet;

    beforeAll(async () => {
      bases = await makeBases();
      originals = await Promise.all(bases.map((base) => original(base)));
      const stereo = kind === 'drawn' ? await stereoViews(seed) : [];
      clean = await curateSet(
        curator,
        [...originals, ...stereo].map((one) => photoOf(one)),
      );
    }, PATIENCE_MS);

    it('drops none of the different photos', () => {
      const repeats = clean.report.photos.filter(({ duplicateOf }) => duplicateOf !== null);

      expect(repeats.map(({ sentence }) => sentence)).toEqual([]);
      expect(clean.pairs).toEqual([]);
    });

    describe.each([
      { group: 'copies', plants: COPIES, target: 0.98, similarCounts: false },
      { group: 'crops', plants: CROPS, target: 0.9, similarCounts: false },
      { group: 'hard', plants: HARD, target: 0.7, similarCounts: true },
    ])('$group', ({ group, plants, target, similarCounts }) => {
      let planted: Planted[];
      let pinned: CuratedSet;
      let decided: CurationReport;

      beforeAll(async () => {
        planted = await plantAll(bases, plants, seed);
        const all = [...originals, ...planted];
        const cache = memoryCache();
        // Pinned photos are compared whatever their size or quality; then the same without a word from anybody.
        pinned = await curateSet(
          curator,
          all.map((one) => photoOf(one, { decision: 'pin' })),
          {},
          cache,
        );
        decided = (
          await curateSet(
            curator,
            all.map((one) => photoOf(one)),
            {},
            cache,
          )
        ).report;
      }, PATIENCE_MS);

      it('finds the pairs', () => {
        const related = new Map(pinned.pairs.map(({ a, b, relation }) => [[a, b].toSorted().join(), relation]));
        const relationOf = ({ name }: Planted) =>
          related.get([`${familyOf(name)}--original.jpg`, name].toSorted().join());
        const found = score(
          planted,
          (one) => relationOf(one) !== undefined && (similarCounts || relationOf(one) !== 'similar'),
          (one) => `${one.name} (${relationOf(one) ?? 'unrelated'})`,
        );

        reachTogether(kind, `${group}, recall`, found, target);
      });

      it('takes no different photos for the same', () => {
        const strangers = score(
          pinned.pairs,
          ({ a, b }) => familyOf(a) === familyOf(b),
          ({ a, b, relation }) => `${a} and ${b} (${relation})`,
        );
        const perFamily = 1 + plants.length;
        const crossPairs = (bases.length * (bases.length - 1) * perFamily ** 2) / 2;

        expect(crossPairs).toBeGreaterThanOrEqual(kind === 'drawn' ? 700 : 800);
        reaches(`${kind} ${group}, precision over ${crossPairs} cross pairs`, strangers, 0.995);
        for (const { id, duplicateOf } of decided.photos)
          if (duplicateOf !== null) expect(familyOf(duplicateOf)).toBe(familyOf(id));
      });

      it('leaves one of each family', () => {
        const left = decided.photos.filter(({ decision }) => decision !== 'drop');
        const families = new Set(left.map(({ id }) => familyOf(id)));

        expect(families.size).toBe(bases.length);
        const tooMany = left.filter(
          ({ id }, place) => left.findIndex((one) => familyOf(one.id) === familyOf(id)) !== place,
        );
        const dropped = {
          hits: planted.length - tooMany.length,
          of: planted.length,
          missed: tooMany.map(({ id }) => id),
        };
        // In the hard group copies of copies have too little in common: it is told, not asked for.
        if (group === 'hard') tell(`${kind} hard, dropped`, dropped, target);
        else reachTogether(kind, `${group}, dropped`, dropped, target);
      });

      it('keeps the whole upright photo rather than what somebody made of it', () => {
        const left = decided.photos.filter(({ decision }) => decision !== 'drop').map(({ id }) => id);
        const best = score(
          bases,
          ({ name }) => left.some((id) => familyOf(id) === name && WHOLE.test(id)),
          ({ name }) => left.filter((id) => familyOf(id) === name).join(' + '),
        );

        // A text over a photo cannot be told from one that belongs to it, nor a tint from the light of the day.
        if (group === 'hard') tell(`${kind} hard, best kept`, best, 0.5);
        else reachTogether(kind, `${group}, best kept`, best, 0.5);
      });
    });

    describe('quality', () => {
      let planted: { blurred: Planted[]; badlyLit: Planted[] };
      let reports: Map<string, PhotoReport>;

      beforeAll(async () => {
        planted = { blurred: await plantAll(bases, BLURS, seed), badlyLit: await plantAll(bases, LIGHTS, seed) };
        const photos = [...planted.blurred, ...planted.badlyLit].map((one) => photoOf(one));
        reports = new Map((await curateSet(curator, photos)).report.photos.map((one) => [one.id, one]));
      }, PATIENCE_MS);

      it('notices blur', () => {
        const of = ({ name }: Planted) => reports.get(name)!;
        const told = (one: Planted) => `${one.name} (sharpness ${of(one).signals?.sharpness})`;
        const isRejected = (one: Planted) => QUALITY_REASONS.has(of(one).reason ?? '');
        const isWarned = (one: Planted) => of(one).warnings.some(({ code }) => code === 'soft');
        const noticed = score(planted.blurred, (one) => isRejected(one) || isWarned(one), told);
        const rejected = score(planted.blurred, isRejected, told);

        tell(`${kind} blur, rejected or warned`, noticed, 0.95);
        reachTogether(kind, 'blur, rejected', rejected, 0.85);
        expect(share(noticed)).toBeGreaterThanOrEqual(0.95);
      });

      it('notices darkness and missing contrast', () => {
        const found = score(
          planted.badlyLit,
          ({ name }) => ['too_dark', 'low_contrast'].includes(reports.get(name)!.reason ?? ''),
          ({ name }) => `${name} (${reports.get(name)!.reason})`,
        );

        reaches(`${kind} dark and flat, rejected`, found, 0.98);
      });

      it('rejects no clean photo', () => {
        const left = score(
          clean.report.photos,
          ({ reason }) => !QUALITY_REASONS.has(reason ?? ''),
          ({ id, sentence }) => `${id}: ${sentence}`,
        );

        reaches(`${kind} clean photos, not rejected`, left, 0.98);
      });
    });
  });

  describe('strange and hostile files', () => {
    let strange: StrangeFile[];
    let report: CurationReport;
    let thumbnails: CuratedSet['thumbnails'];

    beforeAll(async () => {
      strange = await strangeFiles(seed);
      ({ report, thumbnails } = await curateSet(
        curator,
        strange.map((one) => photoOf(one)),
      ));
    }, PATIENCE_MS);

    it('takes every orientation and every way to store colours, upright', async () => {
      const taken = await Promise.all(strange.map(async (file) => ({ file, seen: await seenUpright(file) })));
      const good = score(
        taken,
        ({ file, seen }) => reportOf(report, file.name).decision === 'keep' && Math.min(...seen) > UPRIGHT,
        ({ file, seen }) => `${file.name} (${reportOf(report, file.name).sentence} likeness ${seen.join(', ')})`,
      );

      reaches('strange but good files, taken upright', good, 1);
    });

    /** How like the picture are its thumbnail and what is trained on? Correlation of brightness. */
    async function seenUpright({ name, upright, bytes }: StrangeFile): Promise<number[]> {
      const { sha256, width, height } = reportOf(report, name);
      if (width !== upright.width || height !== upright.height) return [0];
      const goal = await brightness(open(upright));
      const thumbnail = await brightness(sharp(thumbnails.get(sha256)));
      const trained = await brightness(sharp((await preparePhoto(bytes)).jpeg));
      return [correlation(goal, thumbnail), correlation(goal, trained)];
    }

    it('refuses hostile files for the right reason, in little memory, and goes on with the others', async () => {
      const folder = join(home, `hostile-${seed}`);
      const hostile = await hostileFiles(seed);
      const good = await plantAll(await drawnBases(seed + 1, 6), [(base) => original(base)], seed);
      await writeFiles(folder, [...hostile, ...good]);
      await writeHugeFile(join(folder, 'huge.jpg'), 200e6);

      const { report: decided, peakBytes, idleBytes } = await curateFolder(folder, 'style');

      const expected = [...hostile, { name: 'huge.jpg', reason: 'too_large' }];
      const right = score(
        expected,
        ({ name, reason }) => reportOf(decided, name).reason === reason,
        ({ name }) => `${name} (${reportOf(decided, name).reason}: ${reportOf(decided, name).sentence})`,
      );
      tellMemory('hostile files', peakBytes, idleBytes);
      reaches('hostile files, right reason', right, 1);
      for (const { name } of good) expect(reportOf(decided, name).decision).toBe('keep');
      expect(peakBytes).toBeLessThan(MEMORY_BYTES);
    });

    it('stays in little memory with several pictures of nearly 100 megapixels', async () => {
      const folder = join(home, `vast-${seed}`);
      await writeFiles(folder, await vastPictures());

      const { report: decided, peakBytes, idleBytes } = await curateFolder(folder, 'style');

      tellMemory('vast pictures', peakBytes, idleBytes);
      expect(decided.photos).toHaveLength(4);
      expect(peakBytes).toBeLessThan(MEMORY_BYTES);
    });
  });

  describe('framing', () => {
    it.each(
      [
        { kind: 'drawn', cuts: () => drawnCuts(seed), there: true },
        { kind: 'real', cuts: () => realCuts(seed), there: HAS_PHOTOS },
      ].filter(({ there }) => there),
    )('is right on $kind persons cut at 1.5, 3 and 8 face heights', async ({ kind, cuts }) => {
      const made = await cuts();
      const photos = made.map((one) => photoOf(one));
      const { report } = await curateSet(curator, photos, { subjectKind: 'person' });

      const of = ({ name }: Planted) => reportOf(report, name).framing;
      const right = score(
        made,
        (one) => of(one)?.framing === one.framing,
        (one) => `${one.name} (${of(one)?.framing} ${of(one)?.confidence}, heads ${of(one)?.headsBelow?.toFixed(2)})`,
      );
      const wrong = made.filter((one) => of(one)?.framing !== one.framing);
      const unsure = wrong.filter((one) => of(one)?.confidence !== 'clear');
      tell(
        `${kind} framing, errors marked uncertain`,
        score(
          wrong,
          (one) => unsure.includes(one),
          ({ name }) => name,
        ),
        0.5,
      );
      reaches(`${kind} framing`, right, 0.85);
      expect(unsure.length).toBeGreaterThanOrEqual(wrong.length / 2);
    });
  });

  it('curates a style without face or framing reasons, and without the face model', async () => {
    const folder = join(home, `style-${seed}`);
    const views = (await drawnBases(seed + 2, 3)).concat(HAS_PHOTOS ? await styleBases() : []);
    const persons = [await drawnCut(seed, 1.5, 'person')];
    await writeFiles(folder, [...(await plantAll(views, [(base) => original(base)], seed)), ...persons]);
    const elsewhere = await projectWithoutFaceModel(join(home, `project-${seed}`));

    const { report } = await curateFolder(folder, 'style', elsewhere);

    expect(report.mix).toBeNull();
    // A drawn head is smooth enough to be called blurry now and then; nothing else may be said of these.
    expect(report.photos.filter(({ reason }) => reason !== null && reason !== 'blurry')).toEqual([]);
    expect(report.kept).toBeGreaterThanOrEqual(views.length);
    for (const { framing, faces, countsAs, warnings, sentence } of report.photos) {
      expect([framing, faces, countsAs]).toEqual([null, null, null]);
      expect(`${sentence} ${warnings.map((one) => one.code + one.sentence).join(' ')}`).not.toMatch(
        /face|framing|person|nobody/i,
      );
    }
    // The same place cannot curate a person: so the model was needed there, and was not there.
    await expect(curateFolder(folder, 'person', elsewhere)).rejects.toThrow(/vladmandic/);
  });

  describe('the mix and the order', () => {
    const framings: readonly Framing[] = [
      ...Array.from({ length: 9 }, () => 'portrait' as const),
      ...Array.from({ length: 24 }, () => 'upper' as const),
      ...Array.from({ length: 5 }, () => 'full' as const),
    ];
    const cache = memoryCache();
    let photos: ReturnType<typeof photoOf>[];

    beforeAll(async () => {
      photos = [];
      for (const [index, framing] of framings.entries()) {
        const bytes = await (await drawView(seed + 101 * index, { width: 520, height: 400 })).jpeg().toBuffer();
        photos.push(photoOf({ name: `${index}.jpg`, bytes }, { framing }));
      }
    }, PATIENCE_MS);

    it.each([
      [10, { portrait: 2, upper: 7, full: 1 }],
      [20, { portrait: 4, upper: 14, full: 2 }],
      [30, { portrait: 6, upper: 21, full: 3 }],
    ])('fills the quotas of %i photos exactly', async (count, expected) => {
      const options = { subjectKind: 'person', mixPolicy: 'select', maxPhotos: count } as const;
      const { report } = await curateSet(curator, photos, options, cache);

      const kept = report.photos.filter(({ decision }) => decision === 'keep');
      const counts = FRAMINGS.map((framing) => kept.filter(({ countsAs }) => countsAs === framing).length);
      expect(quotas(count, { portrait: 20, upper: 70, full: 10 })).toEqual(expected);
      expect(counts).toEqual(FRAMINGS.map((framing) => expected[framing]));
    });

    it('gives the same bytes for the same photos in any order', async () => {
      const base = (await drawnBases(seed + 3, 1))[0]!;
      const repeats = await plantAll([base], [...COPIES.slice(0, 3), ...CROPS.slice(0, 3), ...BLURS.slice(0, 2)], seed);
      const broken = { name: 'broken.jpg', bytes: Buffer.from('no photo') };
      const all = [
        ...photos,
        ...[...repeats, broken].map((one) => photoOf(one)),
        { ...photos[0]!, id: 'twin', filename: 'twin.jpg' },
      ];
      const random = createRandom(seed, 'order');

      const orders = [all, random.shuffle(all), random.shuffle(all)];
      const measured: CuratedSet[] = [];
      const remembered: CuratedSet[] = [];
      for (const order of orders) measured.push(await curateSet(curator, order));
      for (const order of orders) remembered.push(await curateSet(curator, order, { subjectKind: 'person' }, cache));

      for (const sets of [measured, remembered]) {
        const bytes = await Promise.all(sets.map(bytesOf));
        expect(bytes[1]).toEqual(bytes[0]);
        expect(bytes[2]).toEqual(bytes[0]);
      }
    });
  });
});

/** What may be left of a family: the photo, or a whole upright copy in colour. */
const WHOLE = /--(original|small|half|again|web|lossless|modern|exif-\d)\./;

const QUALITY_REASONS: ReadonlySet<string> = new Set([
  'blurry',
  'too_dark',
  'low_contrast',
  'too_small',
  'extreme_aspect',
]);

/** What the drawn pictures of a seed reached, by group. */
const drawnScores = new Map<string, Score>();

/** The targets are for all pictures of a seed; a dozen real ones, four of them textures, are too few for a share of their own. */
function reachTogether(kind: string, what: string, measured: Score, target: number): void {
  tell(`${kind} ${what}`, measured, target);
  const drawn = kind === 'drawn' ? null : drawnScores.get(what);
  if (kind === 'drawn') drawnScores.set(what, measured);
  const all = {
    hits: measured.hits + (drawn?.hits ?? 0),
    of: measured.of + (drawn?.of ?? 0),
    missed: [...(drawn?.missed ?? []), ...measured.missed],
  };
  if (share(all) < target)
    expect.fail(`${what}: ${share(all).toFixed(3)}, target ${target}; missed: ${all.missed.join(', ')}`);
}

function reaches(what: string, measured: Score, target: number): void {
  tell(what, measured, target);
  if (share(measured) < target)
    expect.fail(`${what}: ${share(measured).toFixed(3)}, target ${target}; missed: ${measured.missed.join(', ')}`);
}

function tellMemory(what: string, peakBytes: number, idleBytes: number): void {
  const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`;
  process.stdout.write(
    `planted  ${what}: peak ${megabytes(peakBytes)} (target < 500 MB), idle ${megabytes(idleBytes)}\n`,
  );
}

function reportOf(report: CurationReport, name: string): PhotoReport {
  const found = report.photos.find(({ filename }) => filename === name);
  if (!found) throw new Error(`${name} is not in the report`);
  return found;
}

/** Pairs of views of one scene from two places: different photos. */
async function stereoViews(seed: number): Promise<Planted[]> {
  const views: Planted[] = [];
  for (const place of [0, 1]) {
    for (const [side, viewpoint] of [
      ['left', -0.08],
      ['right', 0.08],
    ] as const) {
      const picture = await drawView(seed + 17 + place, { viewpoint });
      views.push({
        name: `stereo${place}${side}--original.jpg`,
        bytes: await picture.jpeg({ quality: 92 }).toBuffer(),
      });
    }
  }
  return views;
}

interface Cut extends Planted {
  readonly framing: Framing;
}

const CUTS: readonly (readonly [heads: number, framing: Framing])[] = [
  [1.5, 'portrait'],
  [3, 'upper'],
  [8, 'full'],
];

async function drawnCut(seed: number, heads: number, name: string): Promise<Planted> {
  const random = createRandom(seed, 'cut', heads);
  const head = heads === 1.5 ? 440 : heads === 3 ? 260 : 130;
  const above = random.between(0.3, 0.6);
  const height = Math.round((above + heads) * head);
  const width = Math.round(height * (heads === 8 ? random.between(0.55, 0.8) : random.between(0.8, 1.1)));
  // The face begins a little below the hair.
  const y = (above + 0.37) * head;
  const picture = await drawPerson(seed, { width, height, head, x: width * random.between(0.42, 0.58), y });
  return { name: `${name}-${heads}.jpg`, bytes: await picture.jpeg({ quality: 92 }).toBuffer() };
}

async function drawnCuts(seed: number): Promise<Cut[]> {
  const cuts: Cut[] = [];
  for (const person of [1, 2, 3, 4])
    for (const [heads, framing] of CUTS)
      cuts.push({ ...(await drawnCut(seed + person, heads, `drawn${person}`)), framing });
  return cuts;
}

/** Marked by hand, in pixels: hairline, height from there to the chin, middle. */
const FACES = [
  { file: 'human-author-1.jpg', top: 89, height: 200, middle: 592, upTo: 3 },
  { file: 'human-author-2.jpg', top: 82, height: 117, middle: 473, upTo: 8 },
  { file: 'human-author-3.jpg', top: 53, height: 110, middle: 468, upTo: 8 },
  { file: 'astronaut.png', top: 66, height: 108, middle: 222, upTo: 3 },
] as const;

async function realCuts(seed: number): Promise<Cut[]> {
  const cuts: Cut[] = [];
  for (const { file, top, height, middle, upTo } of FACES) {
    const base = await realBase(file);
    for (const [heads, framing] of CUTS) {
      if (heads > upTo) continue;
      for (const variant of [1, 2]) {
        const random = createRandom(seed, file, heads, variant);
        const from = Math.max(0, Math.round(top - height * random.between(0.25, 0.6)));
        const to = Math.min(base.height, Math.round(top + heads * height));
        const wide = Math.min(base.width, Math.round((to - from) * random.between(0.75, 1.1)));
        const left = Math.max(0, Math.min(base.width - wide, Math.round(middle - wide * random.between(0.42, 0.58))));
        const part = open(base)
          .extract({ left, top: from, width: wide, height: to - from })
          .resize(768, 768, { fit: 'inside' });
        const bytes = await part.jpeg({ quality: 92 }).toBuffer();
        cuts.push({ name: `${base.name}-${heads}-${variant}.jpg`, bytes, framing });
      }
    }
  }
  return cuts;
}

async function styleBases(): Promise<Base[]> {
  const bases: Base[] = [];
  for (const file of ['brick.png', 'grass.png', 'coffee.png', 'rocket.jpg', 'chelsea.png'] as const)
    bases.push(await realBase(file));
  return bases;
}

interface FolderResult {
  readonly report: CurationReport;
  readonly idleBytes: number;
  readonly peakBytes: number;
}

async function curateFolder(folder: string, kind: 'style' | 'person', root = ROOT): Promise<FolderResult> {
  const script = join(root, 'tests/curation/curate-folder-worker.ts');
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', script, folder, kind], {
    cwd: root,
    maxBuffer: 2 ** 28,
  });
  return JSON.parse(stdout) as FolderResult;
}

/** A copy of what curation needs, with every package but the one that holds the face model. */
async function projectWithoutFaceModel(root: string): Promise<string> {
  for (const part of ['core', 'curation', 'tests/curation', 'package.json', 'tsconfig.json'])
    await cp(join(ROOT, part), join(root, part), { recursive: true });
  const packages = join(ROOT, 'node_modules');
  for (const name of await readdir(packages)) {
    if (name === '@vladmandic' || name.startsWith('.')) continue;
    await mkdir(join(root, 'node_modules'), { recursive: true });
    await symlink(join(packages, name), join(root, 'node_modules', name));
  }
  return root;
}

async function brightness(picture: Sharp): Promise<Buffer> {
  const { data, info } = await picture.toColourspace('srgb').raw().toBuffer({ resolveWithObject: true });
  const raw = { width: info.width, height: info.height, channels: info.channels };
  return await sharp(data, { raw }).greyscale().resize(32, 32, { fit: 'fill' }).extractChannel(0).raw().toBuffer();
}

function correlation(a: Buffer, b: Buffer): number {
  const mean = (values: Buffer) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [meanA, meanB] = [mean(a), mean(b)];
  let [products, squaresA, squaresB] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i]! - meanA, b[i]! - meanB];
    products += x * y;
    squaresA += x * x;
    squaresB += y * y;
  }
  return products / Math.sqrt(squaresA * squaresB);
}

/** Everything that a person or a trainer gets to see of a set. */
async function bytesOf(set: CuratedSet): Promise<readonly string[]> {
  const sheet = Buffer.from(await renderContactSheet(set)).toString('base64');
  return [JSON.stringify(set.report), JSON.stringify(set.pairs), renderReport(set), sheet];
}
