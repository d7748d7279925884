/** The order in which a report shows the photos. */
import type { CurationReport, DropReason, PhotoReport } from './report.ts';

/** Kinds of reasons, in the order in which they are shown. */
const FAMILIES = ['repeats', 'quality', 'files', 'choice'] as const;
export type ReasonFamily = (typeof FAMILIES)[number];

const FAMILY_OF: Readonly<Record<DropReason, ReasonFamily>> = {
  duplicate_exact: 'repeats',
  duplicate_near: 'repeats',
  crop_of: 'repeats',
  very_similar: 'repeats',
  too_small: 'quality',
  extreme_aspect: 'quality',
  too_dark: 'quality',
  low_contrast: 'quality',
  blurry: 'quality',
  other_people: 'quality',
  unreadable: 'files',
  unsupported_format: 'files',
  animated: 'files',
  too_large: 'files',
  unsafe: 'files',
  crashed: 'files',
  excluded: 'choice',
  over_quota: 'choice',
};

export interface OrderedPhotos {
  /** Uncertain framing first, then those with warnings, then by output name. */
  readonly kept: readonly PhotoReport[];
  /** The best first. */
  readonly reserve: readonly PhotoReport[];
  /** Families that have photos; repeats of one photo stand together. */
  readonly dropped: readonly { readonly family: ReasonFamily; readonly photos: readonly PhotoReport[] }[];
}

/** Sorts the photos for reading. */
export function orderPhotos({ photos }: CurationReport): OrderedPhotos {
  const names = new Map(photos.map(({ id, filename, output }) => [id, output?.filename ?? filename]));
  const repeated = ({ duplicateOf }: PhotoReport) => (duplicateOf === null ? '' : (names.get(duplicateOf) ?? ''));
  const dropped = photos.filter(({ decision }) => decision === 'drop');
  return {
    kept: photos
      .filter(({ decision }) => decision === 'keep')
      .toSorted((a, b) => urgency(a) - urgency(b) || compare(a.output?.filename ?? '', b.output?.filename ?? '')),
    reserve: photos.filter(({ decision }) => decision === 'reserve').toSorted(bestFirst),
    dropped: FAMILIES.map((family) => ({
      family,
      photos: dropped
        .filter(({ reason }) => familyOf(reason) === family)
        .toSorted((a, b) => compare(repeated(a), repeated(b)) || compare(a.filename, b.filename)),
    })).filter((group) => group.photos.length > 0),
  };
}

/** The same photos in one row: kept by output name, reserve, dropped. */
export function sheetOrder(report: CurationReport): PhotoReport[] {
  const { kept, reserve, dropped } = orderPhotos(report);
  const byOutput = kept.toSorted((a, b) => compare(a.output?.filename ?? '', b.output?.filename ?? ''));
  return [...byOutput, ...reserve, ...dropped.flatMap(({ photos }) => photos)];
}

function familyOf(reason: DropReason | null): ReasonFamily {
  return reason === null ? 'choice' : FAMILY_OF[reason];
}

function urgency({ framing, warnings, override }: PhotoReport): number {
  // A framing set by a person is settled.
  if (framing?.confidence === 'uncertain' && (override?.framing ?? null) === null) return 0;
  return warnings.length > 0 ? 1 : 2;
}

function bestFirst(a: PhotoReport, b: PhotoReport): number {
  return (b.quality ?? 0) - (a.quality ?? 0) || compare(a.filename, b.filename);
}

/** By code units: the same on every machine. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
