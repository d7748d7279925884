import { analysePhoto } from './signals/analyse.ts';
import type { PhotoAnalysis } from './signals/analyse.ts';
import { findDuplicates } from './duplicates/duplicates.ts';
import type { Duplicate, MeasuredPhoto } from './duplicates/duplicates.ts';
import { LIMITS, RULES_VERSION } from './limits.ts';
import type { CurationReport, DropReason, PhotoDecision } from './old-report.ts';

export interface PhotoToCurate {
  readonly id: string;
  /** Hex SHA-256 of the bytes. */
  readonly sha256: string;
  /** As the person named it; appears in the report's sentences. */
  readonly filename: string;
  /** Gives the bytes. What it throws ends the curation: a store that fails says nothing about a photo. */
  read(): Promise<Uint8Array>;
}

export interface CurateOptions {
  readonly photos: readonly PhotoToCurate[];
  /** Looked at between photos. */
  readonly signal?: AbortSignal;
  /** Called after each decoded photo, for heartbeats. */
  readonly onPhoto?: (progress: { readonly id: string; readonly done: number; readonly total: number }) => void;
}

/** Decides for every photo whether it is trained on. A bad file is a decision, never an error. */
export async function curatePhotos({ photos, signal, onPhoto }: CurateOptions): Promise<CurationReport> {
  const sorted = photos.toSorted(byContent);
  const analyses = await analyseAll({ photos: sorted, ...(signal && { signal }), ...(onPhoto && { onPhoto }) });
  const usable: MeasuredPhoto[] = [];
  for (const [index, { id, sha256 }] of sorted.entries()) {
    const measures = analyses[index]!;
    if (measures.status === 'decoded' && tooSmall(measures) === null) usable.push({ id, sha256, measures });
  }
  const duplicates = await findDuplicates(usable);
  const names = new Map(sorted.map(({ id, filename }) => [id, filename]));
  const decisions = sorted.map((photo, index) => decide(photo, analyses[index]!, duplicates.get(photo.id), names));
  const kept = decisions.filter(({ decision }) => decision === 'keep').length;
  return {
    rulesVersion: RULES_VERSION,
    accepted: kept >= LIMITS.minPhotos,
    minimum: LIMITS.minPhotos,
    kept,
    dropped: decisions.length - kept,
    photos: decisions,
  };
}

/** Decodes a few photos at a time; libvips works in threads of its own, so the event loop stays free. */
async function analyseAll({ photos, signal, onPhoto }: CurateOptions): Promise<PhotoAnalysis[]> {
  const analyses: PhotoAnalysis[] = [];
  let next = 0;
  let done = 0;
  let failed = false;
  const work = async () => {
    while (next < photos.length && !failed) {
      signal?.throwIfAborted();
      const index = next++;
      const photo = photos[index]!;
      try {
        analyses[index] = await analysePhoto(await photo.read());
      } catch (error) {
        failed = true;
        throw error;
      }
      onPhoto?.({ id: photo.id, done: ++done, total: photos.length });
    }
  };
  await Promise.all(Array.from({ length: LIMITS.decodeConcurrency }, work));
  signal?.throwIfAborted();
  return analyses;
}

function decide(
  photo: PhotoToCurate,
  analysis: PhotoAnalysis,
  duplicate: Duplicate | undefined,
  names: ReadonlyMap<string, string>,
): PhotoDecision {
  const { id, sha256, filename } = photo;
  const subject = { id, sha256, filename };
  const drop = (reason: DropReason, sentence: string) => ({ decision: 'drop', reason, sentence }) as const;
  if (analysis.status === 'rejected') {
    return {
      ...subject,
      ...drop(analysis.reason, analysis.message),
      width: null,
      height: null,
      sharpness: null,
      duplicateOf: null,
    };
  }
  const { width, height } = analysis;
  const measures = { width, height, sharpness: Math.round(analysis.sharpness * 1_000) / 1_000 };
  const small = tooSmall(analysis);
  if (small !== null) return { ...subject, ...drop('too_small', small), ...measures, duplicateOf: null };
  if (duplicate) {
    const reason = duplicate.kind === 'exact' ? 'duplicate_exact' : 'duplicate_near';
    return {
      ...subject,
      ...drop(reason, duplicateSentence(duplicate, names.get(duplicate.of) ?? duplicate.of)),
      ...measures,
      duplicateOf: duplicate.of,
    };
  }
  const sentence = `Kept: ${width} x ${height} pixels, sharpness ${measures.sharpness.toFixed(2)}, no copy among the others.`;
  return { ...subject, decision: 'keep', reason: null, sentence, ...measures, duplicateOf: null };
}

function duplicateSentence({ kind, bits }: Duplicate, other: string): string {
  if (kind === 'exact') return `Exactly the same picture as ${other}, which is kept.`;
  return `Almost the same picture as ${other}, which is kept: ${bits} of 256 bits differ, limit ${LIMITS.nearDuplicateBits}.`;
}

function tooSmall({ width, height }: { readonly width: number; readonly height: number }): string | null {
  const side = Math.min(width, height);
  if (side < LIMITS.minShortSidePx)
    return `Only ${width} x ${height} pixels: the short side needs at least ${LIMITS.minShortSidePx}.`;
  const area = width * height;
  return area < LIMITS.minArea
    ? `Only ${width} x ${height} = ${area} pixels: at least ${LIMITS.minArea} are needed.`
    : null;
}

function byContent(a: PhotoToCurate, b: PhotoToCurate): number {
  return compare(a.sha256, b.sha256) || compare(a.filename, b.filename) || compare(a.id, b.id);
}

/** By code units: the same on every machine, unlike a comparison by language. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
