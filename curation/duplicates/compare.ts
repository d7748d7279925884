import { LIMITS } from '../limits.ts';
import { coarseDistance, fingerprintDistance } from '../signals/fingerprint.ts';
import type { Fingerprint } from '../signals/fingerprint.ts';
import { align } from './align.ts';
import { bestWindows } from './windows.ts';
import type { ComparablePhoto } from './windows.ts';

/** Coarse correlation from which a closer look is worth it, and at how many places. */
const CANDIDATES = { atLeast: 0.5, most: 6 };

export interface ComparedPhoto {
  readonly fingerprint: Fingerprint | null;
  readonly comparison: ComparablePhoto;
}

export interface Comparison {
  /** Bits of 256 that differ in the best of eight orientations; 256 when one of the two shows nothing. */
  readonly bits: number;
  /** Highest correlation of the coarse views, -1 to 1. */
  readonly coarse: number;
  /** Correlation after alignment; null when there was nothing to align. */
  readonly match: number | null;
  /** Share of the larger photo's area that the other one shows, 0 to 1; 1 when nothing was aligned. */
  readonly share: number;
  /** Which of the two is a part of the other. */
  readonly part: 'a' | 'b';
  readonly relation: 'copy' | 'crop' | 'similar' | null;
}

/** Says how two photos relate. */
export function comparePhotos(a: ComparedPhoto, b: ComparedPhoto): Comparison {
  const hashed = a.fingerprint !== null && b.fingerprint !== null;
  const bits = hashed ? fingerprintDistance(a.fingerprint, b.fingerprint) : 256;
  const bits64 = hashed ? coarseDistance(a.fingerprint, b.fingerprint) : 64;
  if (!a.comparison.comparable || !b.comparison.comparable)
    return { bits, coarse: 0, match: null, share: 1, part: 'b', relation: bits <= LIMITS.copyBits ? 'copy' : null };
  const inA = bestWindows(a.comparison, b.comparison, CANDIDATES);
  const inB = bestWindows(b.comparison, a.comparison, CANDIDATES);
  let match: number | null = null;
  let detail = 0;
  let share = 1;
  let part: 'a' | 'b' = 'b';
  const tries = [
    ...inA.candidates.map((candidate) => ({ candidate, part: 'b' as const })),
    ...inB.candidates.map((candidate) => ({ candidate, part: 'a' as const })),
  ]
    .sort((one, other) => other.candidate.correlation - one.candidate.correlation)
    .slice(0, CANDIDATES.most);
  for (const { candidate, part: smaller } of tries) {
    const [larger, whole] = smaller === 'b' ? [a, b] : [b, a];
    const { picture } = larger.comparison;
    const found = align({
      larger: picture,
      smaller: (side) => whole.comparison.whole(side, candidate.mirrored),
      start: candidate.window,
    });
    if (match !== null && found.match <= match) continue;
    detail = found.detail;
    const { left, top, right, bottom } = found.window;
    match = found.match;
    share = ((right - left) * (bottom - top)) / (picture.width * picture.height);
    part = smaller;
    if (match > CLEAR_MATCH) break;
  }
  return {
    bits,
    coarse: Math.max(inA.best, inB.best),
    match,
    share,
    part,
    relation: relate({ bits, bits64, match, detail, share }),
  };
}

/** Beyond this no other place can be better. */
const CLEAR_MATCH = 0.995;

function relate({
  bits,
  bits64,
  match,
  detail,
  share,
}: {
  readonly bits: number;
  readonly bits64: number;
  readonly match: number | null;
  readonly detail: number;
  readonly share: number;
}): Comparison['relation'] {
  const aligned = match !== null && detail >= LIMITS.detailMatch;
  const isSame = aligned && match > LIMITS.copyMatch;
  if (isSame && share < LIMITS.cropShare) return 'crop';
  if (isSame || bits <= LIMITS.copyBits) return 'copy';
  if (!aligned) return null;
  if (match > LIMITS.similarMatch) return 'similar';
  return bits64 <= LIMITS.similarBits64 && match > LIMITS.similarTurnedMatch ? 'similar' : null;
}
