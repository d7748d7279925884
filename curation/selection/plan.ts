import { FRAMINGS } from '../../core/curation.ts';
import type { CurationOptions, Framing } from '../../core/curation.ts';
import { LIMITS } from '../limits.ts';
import type { Advice, MixLine, PhotoReport } from '../report/report.ts';
import { effectiveShares, quotas } from './quotas.ts';
import type { PerFraming } from './quotas.ts';

const FRAMING_WORDS: Readonly<Record<Framing, string>> = {
  portrait: 'close-up portrait',
  upper: 'upper-body',
  full: 'full-body',
};

/** The mix of a set of a person: what there is, what the training sees of it, and what is missing. */
export function mixOf(counts: PerFraming, repeats: PerFraming, options: CurationOptions): MixLine[] {
  const kept = FRAMINGS.reduce((total, framing) => total + counts[framing], 0);
  const seen = effectiveShares(counts, repeats);
  // A small set's mix is compared with the size that the set should grow to.
  const wanted = quotas(Math.min(options.maxPhotos, Math.max(kept, LIMITS.goodPhotos)), options.mixTarget);
  return FRAMINGS.map((framing) => ({
    framing,
    target: options.mixTarget[framing],
    kept: counts[framing],
    repeats: repeats[framing],
    effective: Math.round(10 * seen[framing]) / 10,
    missing: options.mixPolicy === 'off' ? 0 : Math.max(0, wanted[framing] - counts[framing]),
  }));
}

/** What would make the set better, the most useful first; one line that says so when nothing would. */
export function makePlan(
  photos: readonly PhotoReport[],
  mix: readonly MixLine[] | null,
  options: CurationOptions,
): Advice[] {
  const kept = photos.filter(({ decision }) => decision === 'keep');
  const plan: Advice[] = [];
  const missing = options.minPhotos - kept.length;
  if (missing > 0)
    plan.push(
      advice(
        'add',
        `Add at least ${missing} more good ${plural(missing, 'photo')}: ${options.minPhotos} are needed to train.`,
      ),
    );
  for (const { framing, kept: count, missing: more } of mix ?? []) {
    if (more > 0)
      plan.push(
        advice(
          'add',
          `${more} more ${FRAMING_WORDS[framing]} ${plural(more, 'photo')} would help; there ${count === 0 ? 'is none' : count === 1 ? 'is one' : `are ${count}`}.`,
        ),
      );
  }
  const fewer = Math.min(options.maxPhotos, LIMITS.fewPhotos) - kept.length;
  if (mix === null && missing <= 0 && fewer > 0)
    plan.push(
      advice(
        'add',
        `${fewer} more good ${plural(fewer, 'photo')} would help: ${LIMITS.fewPhotos} or more are recommended.`,
      ),
    );
  plan.push(...repeatAdvice(photos), ...replaceAdvice(kept), ...uncertainAdvice(kept), ...strangerAdvice(kept));
  return plan.length > 0 ? plan : [advice('fine', 'Nothing to do: the set is ready to train.')];
}

/** "Leave out 0012.jpg and 0031.jpg, they repeat 0007.jpg." */
function repeatAdvice(photos: readonly PhotoReport[]): Advice[] {
  const names = new Map(photos.map(({ id, filename }) => [id, filename]));
  const byOriginal = new Map<string, PhotoReport[]>();
  for (const photo of photos) {
    if (photo.duplicateOf === null || photo.decision !== 'drop') continue;
    byOriginal.set(photo.duplicateOf, [...(byOriginal.get(photo.duplicateOf) ?? []), photo]);
  }
  return [...byOriginal].map(([original, repeats]) => {
    const verb = repeats.length === 1 ? 'it repeats' : 'they repeat';
    return advice('remove', `Leave out ${list(repeats)}, ${verb} ${names.get(original) ?? original}.`, repeats);
  });
}

function replaceAdvice(kept: readonly PhotoReport[]): Advice[] {
  const has = (code: string) => kept.filter(({ warnings }) => warnings.some((warning) => warning.code === code));
  const small = has('small');
  const soft = has('soft');
  return [
    ...(small.length > 0
      ? [
          advice(
            'replace',
            `Replace ${list(small)} with ${small.length === 1 ? 'a larger original if you have one' : 'larger originals if you have them'}.`,
            small,
          ),
        ]
      : []),
    ...(soft.length > 0
      ? [
          advice(
            'replace',
            `Replace ${list(soft)} with ${soft.length === 1 ? 'a sharper photo if you have one' : 'sharper photos if you have them'}.`,
            soft,
          ),
        ]
      : []),
  ];
}

function uncertainAdvice(kept: readonly PhotoReport[]): Advice[] {
  const nobody = kept.filter(({ warnings }) => warnings.some(({ code }) => code === 'no_face'));
  if (nobody.length === 0) return [];
  return [advice('remove', `Look at ${list(nobody)}: nobody was found there.`, nobody)];
}

function strangerAdvice(kept: readonly PhotoReport[]): Advice[] {
  const strangers = kept.filter(({ warnings }) => warnings.some(({ code }) => code === 'other_person'));
  if (strangers.length === 0) return [];
  return [advice('remove', `Look at ${list(strangers)}: probably another person.`, strangers)];
}

function advice(kind: Advice['kind'], sentence: string, photos: readonly PhotoReport[] = []): Advice {
  return { kind, sentence, photoIds: photos.map(({ id }) => id) };
}

/** At most this many names in a sentence. */
const NAMED = 6;

function list(photos: readonly PhotoReport[]): string {
  const names = photos.map(({ filename }) => filename).toSorted();
  if (names.length > NAMED) return `${names.slice(0, NAMED).join(', ')} and ${names.length - NAMED} more`;
  return names.length === 1 ? names[0]! : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

function plural(count: number, word: string): string {
  return count === 1 ? word : `${word}s`;
}
