/** Looks at photos in a process of its own and says how long it took. Controlled over IPC by curation-process.ts. */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import sharp from 'sharp';
import { resolveCurationOptions } from '../core/curation.ts';
import type { SubjectKind } from '../core/curation.ts';
import { readPhotoFolder } from '../curation/command/folder.ts';
import type { AnalysisCache, CurateInput, CuratedSet, Curator, PhotoToCurate } from '../curation/contract.ts';
import { createCurator } from '../curation/curator.ts';
import { decide, usablePhotos } from '../curation/decide.ts';
import type { JudgedPhoto } from '../curation/decide.ts';
import { compareShare } from '../curation/duplicates/compare-all.ts';
import { LIMITS } from '../curation/limits.ts';
import { makeReport } from '../curation/make-report.ts';
import { ANALYSER_VERSION, decodeAnalysis } from '../curation/signals/analysis.ts';
import type { Compared, Curated, Decoded, Order } from './curation-orders.ts';

/** Photos in progress at once, as in the curator: two per thread, at most four threads. */
const AT_ONCE = 2 * Math.min(4, availableParallelism());

process.on('disconnect', () => process.exit(0));
process.once('message', (order: Order) => {
  void carryOut(order).then(
    (outcome) => process.send?.(outcome),
    (error: unknown) =>
      process.send?.({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  );
});

async function carryOut(order: Order): Promise<Decoded | Curated> {
  const { photos } = await readPhotoFolder(order.folder);
  return order.kind === 'decode' ? await decodeAll(photos) : await curateAll(photos, order);
}

/** The simplest loop that shrinks every photo to the size at which it is measured. */
async function decodeAll(photos: readonly PhotoToCurate[]): Promise<Decoded> {
  const side = LIMITS.workingSidePx;
  const startedAt = performance.now();
  const cpuBefore = cpuMs();
  const waiting = photos.values();
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (const photo of waiting) {
        // A file that cannot be decoded costs the curator no more than it costs here.
        await sharp(await photo.read())
          .resize({ width: side, height: side, fit: 'inside', withoutEnlargement: true })
          .raw()
          .toBuffer()
          .catch(() => null);
      }
    }),
  );
  return { ms: performance.now() - startedAt, cpuMs: cpuMs() - cpuBefore, peakBytes: peakBytes() };
}

async function curateAll(
  photos: readonly PhotoToCurate[],
  { subjectKind, pairsOf }: { readonly subjectKind: SubjectKind; readonly pairsOf: number | null },
): Promise<Curated> {
  const curator = createCurator();
  const cache = createMemoryCache();
  try {
    const { set, ...times } = await timed(curator, inputOf(photos, subjectKind, cache));
    const peak = peakBytes();
    const areas = set.report.photos.flatMap(({ width, height }) => (width && height ? [width * height] : []));
    return {
      ...times,
      peakBytes: peak,
      photos: photos.length,
      unreadable: photos.length - areas.length,
      meanMegapixels: areas.reduce((sum, area) => sum + area, 0) / areas.length / 1e6,
      similar: set.pairs,
      pairs: pairsOf === null ? null : await comparePairs({ photos, pairsOf, subjectKind, curator, cache }),
    };
  } finally {
    await curator.stop();
  }
}

/**
 * Compares photos that are measured already. Only photos without a fault are ever compared, so there may be fewer. The
 * decision is timed apart, on the same photos, and taken off.
 */
async function comparePairs({
  photos,
  pairsOf,
  subjectKind,
  curator,
  cache,
}: {
  readonly photos: readonly PhotoToCurate[];
  readonly pairsOf: number;
  readonly subjectKind: SubjectKind;
  readonly curator: Curator;
  readonly cache: AnalysisCache;
}): Promise<Compared> {
  const good = new Set(usablePhotos(await recall(photos, cache)).map(({ photo }) => photo.id));
  const input = inputOf(photos.filter(({ id }) => good.has(id)).slice(0, pairsOf), subjectKind, cache);
  const { measureMs, wholeMs } = await timed(curator, input);

  const judged = await recall(input.photos, cache);
  const usable = usablePhotos(judged);
  const compared = usable.map(({ analysis: { grey, fingerprint } }) => ({ grey, fingerprint }));
  const { pairs } = compareShare({ photos: compared, share: 0, of: 1 });
  const startedAt = performance.now();
  const found = { photos: judged, usable, pairs, faces: { status: 'off' } as const };
  const decisions = decide({ ...input, ...found });
  makeReport(input, { ...found, decisions, described: new Map() });
  const decideMs = performance.now() - startedAt;
  return { photos: usable.length, pairsMs: wholeMs - measureMs - decideMs, decideMs };
}

async function timed(
  curator: Curator,
  input: CurateInput,
): Promise<{ set: CuratedSet } & Pick<Curated, 'firstMs' | 'measureMs' | 'cpuMs' | 'wholeMs'>> {
  const startedAt = performance.now();
  const cpuBefore = cpuMs();
  let firstMs = 0;
  let measured: { measureMs: number; cpuMs: number } | null = null;
  const set = await curator.curate({
    ...input,
    // Comparing reports progress too, after all photos are done.
    onProgress({ done, total }) {
      if (done === 1) firstMs = performance.now() - startedAt;
      if (done === total) measured ??= { measureMs: performance.now() - startedAt, cpuMs: cpuMs() - cpuBefore };
    },
  });
  return { set, firstMs, ...measured!, wholeMs: performance.now() - startedAt };
}

function inputOf(photos: readonly PhotoToCurate[], subjectKind: SubjectKind, cache: AnalysisCache): CurateInput {
  return {
    photos,
    options: resolveCurationOptions({ subjectKind }),
    training: { triggerWord: 'ohwx', resolutions: [512, 768, 1_024], divisor: 16 },
    cache,
    captioner: null,
  };
}

async function recall(photos: readonly PhotoToCurate[], cache: AnalysisCache): Promise<JudgedPhoto[]> {
  return await Promise.all(
    photos.map(async (photo) => {
      const bytes = await cache.get(`${ANALYSER_VERSION}-${photo.sha256}`);
      return { photo, analysis: decodeAnalysis(bytes!)!, people: null };
    }),
  );
}

function createMemoryCache(): AnalysisCache {
  const kept = new Map<string, Uint8Array>();
  return {
    get: async (key) => kept.get(key) ?? null,
    put: async (key, bytes) => void kept.set(key, bytes),
  };
}

/** Of this process and its threads. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

/** On Linux this is the process alone; elsewhere the figure may include that of the process that started it. */
function peakBytes(): number {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS * 1_024;
  const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))!;
  return Number(kilobytes) * 1_024;
}
