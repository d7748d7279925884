import type { CurationOptions, Framing } from '../core/curation.ts';
import type { PhotoToCurate, SimilarPair, TrainingFacts } from './contract.ts';
import type { ComparedPair } from './duplicates/compare-all.ts';
import { findRepeats } from './duplicates/find-repeats.ts';
import type { Repeat } from './duplicates/find-repeats.ts';
import type { PeopleFindings } from './people/findings.ts';
import { findFraming } from './people/framing.ts';
import { compareFaces, identityWarnings } from './people/identity-distances.ts';
import type { DescribedFaces } from './people/identity-distances.ts';
import type { DropReason, FramingFinding, Warning } from './report/report.ts';
import { personWarnings, qualityFault, qualityWarnings } from './selection/gates.ts';
import type { Fault } from './selection/gates.ts';
import { byOriginality, detailSide, quality, qualityTier } from './selection/quality.ts';
import type { PerFraming } from './selection/quotas.ts';
import { countFramings, selectPhotos } from './selection/select.ts';
import { duplicateSentence, pinnedSentence } from './sentences.ts';
import type { PhotoAnalysis, PhotoMeasures } from './signals/analysis.ts';
import { colourDistance } from './signals/colours.ts';

/** A photo and everything that was measured. */
export interface JudgedPhoto {
  readonly photo: PhotoToCurate;
  readonly analysis: PhotoAnalysis;
  /** Null when people were not looked for, or the file could not be decoded. */
  readonly people: PeopleFindings | null;
}

/** A photo that is good enough to be compared with the others. */
export interface UsablePhoto extends JudgedPhoto {
  readonly analysis: PhotoMeasures;
}

/** What the rules make of one photo. */
export interface Verdict {
  readonly decision: 'keep' | 'reserve' | 'drop';
  readonly reason: DropReason | null;
  /** Null for a kept photo: its sentence is written with the report. */
  readonly sentence: string | null;
  readonly warnings: readonly Warning[];
  readonly duplicateOf: string | null;
  /** Median distance of its face to the others; null when it was not compared. */
  readonly identityDistance: number | null;
  readonly framing: FramingFinding | null;
  readonly countsAs: Framing | null;
}

export interface Decisions {
  /** By id. */
  readonly verdicts: ReadonlyMap<string, Verdict>;
  readonly counts: PerFraming;
  readonly repeats: PerFraming;
  /** Pairs that show the same or nearly the same, the better photo first. */
  readonly similar: readonly SimilarPair[];
  /** Why the faces were not compared although that was requested. */
  readonly identityWarning: string | null;
}

/**
 * The photos that are compared with each other: pinned ones first, then the best first; decoded, not excluded,
 * and good enough unless pinned.
 */
export function usablePhotos(photos: readonly JudgedPhoto[]): UsablePhoto[] {
  const usable = photos.filter((judged): judged is UsablePhoto => isDecoded(judged) && faultOf(judged) === null);
  const rank = ({ photo, analysis }: UsablePhoto) => ({ sha256: photo.sha256, measures: analysis });
  return usable.toSorted((a, b) => Number(isPinned(b)) - Number(isPinned(a)) || byOriginality(rank(a), rank(b)));
}

/** Decides for every photo. `pairs` compares `usable` by their places. */
export function decide({
  photos,
  usable,
  pairs,
  faces,
  options,
  training,
}: {
  readonly photos: readonly JudgedPhoto[];
  readonly usable: readonly UsablePhoto[];
  readonly pairs: readonly ComparedPair[];
  readonly faces: DescribedFaces;
  readonly options: CurationOptions;
  readonly training: TrainingFacts;
}): Decisions {
  const repeats = findRepeats(
    usable.map((judged) => ({
      pixelHash: judged.analysis.pixelHash,
      pinned: isPinned(judged),
      tier: qualityTier(judged.analysis),
      detail: detailSide(judged.analysis),
    })),
    pairs,
    options,
  );
  const single = usable.map((_, place) => place).filter((place) => !repeats.has(place));
  const framings = new Map(photos.map((judged) => [judged.photo.id, framingOf(judged, options)]));
  const selectable = single.map((place) => {
    const judged = usable[place]!;
    return {
      framing: framings.get(judged.photo.id)!.countsAs,
      pinned: isPinned(judged),
      quality: quality(judged.analysis),
    };
  });
  const distance = distances(usable, pairs);
  const selection = selectPhotos(selectable, options, (a, b) => distance(single[a]!, single[b]!));
  const keptIds = new Set([...selection.kept].map((index) => usable[single[index]!]!.photo.id));
  // Repeats do not count: ten copies of a stranger would make everybody else the stranger.
  const identity = compareFaces(
    faces,
    single.map((place) => usable[place]!.photo.id),
  );
  const repeatOf = new Map([...repeats].map(([place, repeat]) => [usable[place]!.photo.id, repeat]));
  const verdicts = new Map<string, Verdict>();
  for (const judged of photos) {
    const framing = framings.get(judged.photo.id)!;
    const identityDistance = identity.distances.get(judged.photo.id) ?? null;
    const repeat = repeatOf.get(judged.photo.id);
    const original = repeat && usable[repeat.of]!.photo;
    const verdict = verdictOf({ judged, repeat, original, kept: keptIds.has(judged.photo.id), options });
    verdicts.set(judged.photo.id, {
      ...verdict,
      // For a photo that is not good enough only the reason matters.
      warnings:
        faultOf(judged) !== null
          ? []
          : [...warningsOf(judged, framing, options, training), ...identityWarnings(identityDistance)],
      identityDistance,
      ...framing,
    });
  }
  return {
    verdicts,
    counts: countFramings(selectable, selection.kept),
    repeats: selection.repeats,
    similar: similarPairs(usable, pairs),
    identityWarning: identity.warning,
  };
}

function verdictOf({
  judged,
  repeat,
  original,
  kept,
  options,
}: {
  readonly judged: JudgedPhoto;
  readonly repeat: Repeat | undefined;
  readonly original: PhotoToCurate | undefined;
  readonly kept: boolean;
  readonly options: CurationOptions;
}): Pick<Verdict, 'decision' | 'reason' | 'sentence' | 'duplicateOf'> {
  const fault = faultOf(judged);
  if (fault) return { decision: 'drop', ...fault, duplicateOf: null };
  if (repeat && original) {
    const reason = REPEAT_REASONS[repeat.relation];
    const sentence = duplicateSentence(repeat, original.filename);
    return { decision: 'drop', reason, sentence, duplicateOf: original.id };
  }
  if (kept) {
    const pinnedOver = isPinned(judged) && isDecoded(judged) ? qualityFault(judged.analysis, judged.people) : null;
    const sentence = pinnedOver ? pinnedSentence(judged.photo.override!, pinnedOver.sentence) : null;
    return { decision: 'keep', reason: null, sentence, duplicateOf: null };
  }
  const sentence =
    options.mixPolicy === 'select'
      ? 'Good, but the mix already has enough like it.'
      : `Good, but at most ${options.maxPhotos} photos are used, and others add more.`;
  return { decision: 'reserve', reason: 'over_quota', sentence, duplicateOf: null };
}

const REPEAT_REASONS = {
  exact: 'duplicate_exact',
  copy: 'duplicate_near',
  crop: 'crop_of',
  similar: 'very_similar',
} as const satisfies Record<Repeat['relation'], DropReason>;

/** What excludes a photo by itself. A person's decision overrides every rule, except that a file must be readable. */
function faultOf({ photo, analysis, people }: JudgedPhoto): Fault | null {
  if (analysis.status === 'rejected') return { reason: analysis.reason, sentence: analysis.message };
  const { override } = photo;
  if (override?.decision === 'pin') return null;
  if (override?.decision === 'exclude') {
    const why = override.why === null ? '.' : ` (${override.why}).`;
    return { reason: 'excluded', sentence: `${override.by} excluded it${why}` };
  }
  return qualityFault(analysis, people);
}

function framingOf(
  { photo, people }: JudgedPhoto,
  { subjectKind }: CurationOptions,
): Pick<Verdict, 'framing' | 'countsAs'> {
  if (subjectKind !== 'person') return { framing: null, countsAs: null };
  const framing = people && findFraming(people);
  return { framing, countsAs: photo.override?.framing ?? framing?.framing ?? null };
}

function warningsOf(
  { photo, analysis, people }: JudgedPhoto,
  { framing }: Pick<Verdict, 'framing'>,
  options: CurationOptions,
  training: TrainingFacts,
): Warning[] {
  if (analysis.status === 'rejected') return [];
  const warnings = [...qualityWarnings(analysis, training), ...personWarnings(options, people)];
  const unsure =
    framing?.confidence === 'uncertain' && framing.source === 'face' && (photo.override?.framing ?? null) === null;
  if (unsure) {
    const sentence = `Classified as ${framing.framing}, but it is close to a limit or the pose suggests otherwise.`;
    warnings.push({ code: 'framing_uncertain', sentence });
  }
  return warnings;
}

/** How different two photos are in content and colours, 0 to 1, by their positions in the list. */
function distances(usable: readonly UsablePhoto[], pairs: readonly ComparedPair[]) {
  const count = usable.length;
  const table = new Float64Array(count * count);
  for (const { first, second, match, coarse } of pairs) {
    const shapes = 1 - Math.max(0, match ?? 0, coarse);
    const colour = colourDistance(usable[first]!.analysis.colours, usable[second]!.analysis.colours);
    table[first * count + second] = table[second * count + first] = (shapes + colour) / 2;
  }
  return (a: number, b: number) => table[a * count + b]!;
}

function similarPairs(usable: readonly UsablePhoto[], pairs: readonly ComparedPair[]): SimilarPair[] {
  return pairs.flatMap(({ first, second, relation, bits, match }) => {
    const [a, b] = [usable[first]!, usable[second]!];
    const exact = a.analysis.pixelHash === b.analysis.pixelHash;
    if (!exact && relation === null) return [];
    const rounded = exact || match === null ? null : Math.round(match * 1_000) / 1_000;
    return [{ a: a.photo.id, b: b.photo.id, relation: exact ? 'exact' : relation!, bits, match: rounded }];
  });
}

function isDecoded(judged: JudgedPhoto): judged is UsablePhoto {
  return judged.analysis.status === 'decoded';
}

function isPinned({ photo }: JudgedPhoto): boolean {
  return photo.override?.decision === 'pin';
}
