import type { Description } from '../core/captioner.ts';
import { captionFor } from './captions/caption.ts';
import { lintTriggerWord } from './captions/lint.ts';
import type { CurateInput } from './contract.ts';
import type { Decisions, JudgedPhoto, UsablePhoto, Verdict } from './decide.ts';
import type { ComparedPair } from './duplicates/compare-all.ts';
import { LIMITS, RULES_VERSION } from './limits.ts';
import { countFaces } from './people/framing.ts';
import { PEOPLE_VERSION } from './people/findings.ts';
import { bucketTable } from './report/buckets.ts';
import type { CurationReport, Nearest, PhotoReport, SignalValues } from './report/report.ts';
import { makePlan, mixOf } from './selection/plan.ts';
import { quality } from './selection/quality.ts';
import { keptSentence } from './sentences.ts';
import { ANALYSER_VERSION } from './signals/analysis.ts';
import type { PhotoMeasures } from './signals/analysis.ts';

interface Found {
  readonly photos: readonly JudgedPhoto[];
  readonly usable: readonly UsablePhoto[];
  readonly pairs: readonly ComparedPair[];
  readonly decisions: Decisions;
  /** By id: a model's descriptions of kept photos. */
  readonly described: ReadonlyMap<string, Description>;
}

/** Assembles the report. The same findings give the same report, byte for byte. */
export function makeReport({ options, training }: CurateInput, found: Found): CurationReport {
  const { decisions } = found;
  const nearest = nearestPhotos(found.usable, found.pairs);
  const groups = groupNumbers(found);
  let kept = 0;
  const photos = found.photos.map((judged): PhotoReport => {
    const { photo, analysis, people } = judged;
    const verdict = decisions.verdicts.get(photo.id)!;
    const measures = analysis.status === 'decoded' ? analysis : null;
    const output =
      verdict.decision === 'keep' ? makeOutput(++kept, judged, verdict, training.triggerWord, found) : null;
    return {
      id: photo.id,
      sha256: photo.sha256,
      filename: photo.filename,
      decision: verdict.decision,
      reason: verdict.reason,
      sentence: verdict.sentence ?? keptSentence(measures!),
      warnings: [...verdict.warnings, ...(output?.warnings ?? [])],
      width: measures?.width ?? null,
      height: measures?.height ?? null,
      signals: measures && signalValues(measures),
      quality: measures && rounded(quality(measures)),
      duplicateOf: verdict.duplicateOf,
      nearest: nearest.get(photo.id) ?? null,
      group: groups.get(photo.id) ?? null,
      faces: people && countFaces(people),
      identityDistance: verdict.identityDistance,
      framing: verdict.framing && {
        ...verdict.framing,
        headsBelow: verdict.framing.headsBelow && rounded(verdict.framing.headsBelow),
        faceShare: verdict.framing.faceShare && rounded(verdict.framing.faceShare),
      },
      countsAs: verdict.countsAs,
      override: photo.override,
      output: output?.output ?? null,
    };
  });
  const count = (decision: PhotoReport['decision']) => photos.filter((photo) => photo.decision === decision).length;
  const mix = options.subjectKind === 'person' ? mixOf(decisions.counts, decisions.repeats, options) : null;
  const warnings = [
    ...setWarnings(kept, training.triggerWord),
    ...(decisions.identityWarning === null ? [] : [decisions.identityWarning]),
  ];
  const sizes = photos.flatMap(({ output }) => (output ? [output] : []));
  return {
    rulesVersion: RULES_VERSION,
    analyserVersion: options.subjectKind === 'person' ? `${ANALYSER_VERSION}+${PEOPLE_VERSION}` : ANALYSER_VERSION,
    options,
    training: { resolutions: training.resolutions, divisor: training.divisor },
    verdict: verdictOfSet(photos, warnings, kept, options.minPhotos),
    kept,
    reserved: count('reserve'),
    dropped: count('drop'),
    photos,
    mix,
    buckets: bucketTable(sizes, training),
    warnings,
    plan: makePlan(photos, mix, options),
  };
}

function makeOutput(
  number: number,
  { photo, analysis }: JudgedPhoto,
  { countsAs }: Verdict,
  triggerWord: string,
  { decisions, described }: Found,
) {
  const { width, height } = analysis as PhotoMeasures;
  const scale = Math.min(1, LIMITS.preparedSidePx / Math.max(width, height));
  const { warnings, ...caption } = captionFor({
    triggerWord,
    framing: countsAs,
    own: photo.override?.caption ?? photo.caption,
    vision: described.get(photo.id) ?? null,
  });
  const output = {
    filename: `${String(number).padStart(4, '0')}.jpg`,
    repeats: countsAs === null ? 1 : decisions.repeats[countsAs],
    width: Math.max(1, Math.round(width * scale)),
    height: Math.max(1, Math.round(height * scale)),
    caption,
  };
  return { output, warnings };
}

/** What a person should look at before the training starts. */
function setWarnings(kept: number, triggerWord: string): string[] {
  const few =
    kept < LIMITS.fewPhotos ? [`Only ${kept} photos are left; ${LIMITS.fewPhotos} or more are recommended.`] : [];
  return [...few, ...lintTriggerWord(triggerWord).map(({ sentence }) => sentence)];
}

/** Warnings that are no criticism of a photo: they say what was done to it. */
const HARMLESS: ReadonlySet<string> = new Set(['alpha_flattened', 'profile_converted', 'below_target']);

function verdictOfSet(
  photos: readonly PhotoReport[],
  warnings: readonly string[],
  kept: number,
  minimum: number,
): CurationReport['verdict'] {
  if (kept < minimum) return 'blocked';
  const doubtful = photos.some(
    ({ decision, warnings }) => decision === 'keep' && warnings.some(({ code }) => !HARMLESS.has(code)),
  );
  const dropped = photos.some(({ decision }) => decision === 'drop');
  return doubtful || dropped || warnings.length > 0 ? 'warnings' : 'pass';
}

function signalValues(measures: PhotoMeasures): SignalValues {
  return {
    sharpness: rounded(measures.sharpness),
    tileDetail: rounded(measures.tileDetail),
    lumaP5: measures.lumaP5,
    lumaP95: measures.lumaP95,
    lumaP99: measures.lumaP99,
    colourfulness: rounded(measures.colourfulness),
    barShare: rounded(measures.barShare),
  };
}

/** By id: the photo with the best match, or, when none could be aligned, with the fewest differing bits. */
function nearestPhotos(usable: readonly UsablePhoto[], pairs: readonly ComparedPair[]): Map<string, Nearest> {
  const nearest = new Map<string, Nearest>();
  const offer = (photo: number, other: number, { bits, match }: ComparedPair) => {
    const id = usable[photo]!.photo.id;
    const old = nearest.get(id);
    const better =
      !old || (match ?? -1) > (old.match ?? -1) || ((match ?? -1) === (old.match ?? -1) && bits < old.bits);
    if (better) nearest.set(id, { id: usable[other]!.photo.id, bits, match });
  };
  for (const pair of pairs) {
    offer(pair.first, pair.second, pair);
    offer(pair.second, pair.first, pair);
  }
  for (const [id, found] of nearest) nearest.set(id, { ...found, match: found.match && rounded(found.match) });
  return nearest;
}

/** By id: numbers for photos that are copies of, parts of, or very similar to each other. */
function groupNumbers({ photos, decisions }: Found): Map<string, number> {
  const leader = new Map<string, string>();
  const find = (id: string): string => {
    const next = leader.get(id) ?? id;
    return next === id ? id : find(next);
  };
  for (const { a, b } of decisions.similar) leader.set(find(b), find(a));
  const numbers = new Map<string, number>();
  const grouped = new Set(decisions.similar.flatMap(({ a, b }) => [a, b]));
  const result = new Map<string, number>();
  for (const { photo } of photos) {
    if (!grouped.has(photo.id)) continue;
    const of = find(photo.id);
    const number = numbers.get(of) ?? numbers.size + 1;
    numbers.set(of, number);
    result.set(photo.id, number);
  }
  return result;
}

/** Three decimals. */
function rounded(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
