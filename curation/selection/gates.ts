import type { CurationOptions } from '../../core/curation.ts';
import { LIMITS } from '../limits.ts';
import { countFaces } from '../people/framing.ts';
import type { PeopleFindings } from '../people/findings.ts';
import type { DropReason, Warning, WarningCode } from '../report/report.ts';
import type { PhotoMeasures } from '../signals/analysis.ts';

/** Why a photo cannot be trained on, with the numbers. */
export interface Fault {
  readonly reason: DropReason;
  readonly sentence: string;
}

/** The first rule that a decoded photo breaks; null when it is good enough. */
export function qualityFault(measures: PhotoMeasures, people: PeopleFindings | null): Fault | null {
  return sizeFault(measures) ?? lightFault(measures) ?? sharpnessFault(measures) ?? companyFault(people);
}

function sizeFault({ width, height }: PhotoMeasures): Fault | null {
  const short = Math.min(width, height);
  const area = width * height;
  if (short < LIMITS.minShortSidePx) {
    const sentence = `Only ${width} x ${height} pixels: the short side needs at least ${LIMITS.minShortSidePx}.`;
    return { reason: 'too_small', sentence };
  }
  if (area < LIMITS.minArea) {
    const sentence = `Only ${width} x ${height} = ${area} pixels: at least ${LIMITS.minArea} are needed.`;
    return { reason: 'too_small', sentence };
  }
  const aspect = Math.max(width, height) / short;
  if (aspect <= LIMITS.maxAspect) return null;
  const sentence = `The sides are ${aspect.toFixed(1)} to 1, limit ${LIMITS.maxAspect} to 1: crop it around the subject.`;
  return { reason: 'extreme_aspect', sentence };
}

function lightFault({ lumaP5, lumaP95, lumaP99 }: PhotoMeasures): Fault | null {
  if (lumaP99 < LIMITS.tooDarkP99) {
    const sentence = `Too dark: 99 % of it is below brightness ${lumaP99} of 255, limit ${LIMITS.tooDarkP99}.`;
    return { reason: 'too_dark', sentence };
  }
  if (lumaP95 < LIMITS.tooDarkP95) {
    const sentence = `Too dark: 95 % of it is below brightness ${lumaP95} of 255, limit ${LIMITS.tooDarkP95}.`;
    return { reason: 'too_dark', sentence };
  }
  const spread = lumaP95 - lumaP5;
  if (spread >= LIMITS.minLumaSpread) return null;
  const sentence = `Hardly any contrast: brightness spans ${spread} of 255, at least ${LIMITS.minLumaSpread} are needed.`;
  return { reason: 'low_contrast', sentence };
}

function sharpnessFault({ sharpness, tileDetail, lumaP5, lumaP95 }: PhotoMeasures): Fault | null {
  if (sharpness < LIMITS.blurrySharpness) {
    const sentence = `Blurry: sharpness ${sharpness.toFixed(2)}, at least ${LIMITS.blurrySharpness.toFixed(2)} is needed.`;
    return { reason: 'blurry', sentence };
  }
  const hasContrast = lumaP95 - lumaP5 > LIMITS.tileDetailSpread;
  if (!hasContrast || tileDetail >= LIMITS.blurryTileDetail) return null;
  const sentence = `Nothing in it is in focus: fine detail ${tileDetail.toFixed(0)}, at least ${LIMITS.blurryTileDetail} is needed.`;
  return { reason: 'blurry', sentence };
}

function companyFault(people: PeopleFindings | null): Fault | null {
  const faces = people === null ? 0 : countFaces(people);
  if (faces < 2) return null;
  const sentence = `It shows ${faces} faces of similar size: the training would learn them all. Crop it to one person, or pin it.`;
  return { reason: 'other_people', sentence };
}

/** What is not perfect about a photo that can be trained on. */
export function qualityWarnings(
  measures: PhotoMeasures,
  { resolutions }: { readonly resolutions: readonly number[] },
): Warning[] {
  const { width, height, sharpness, tileDetail, lumaP5, lumaP95, colourfulness, barShare } = measures;
  const warnings: Warning[] = [];
  const warn = (code: WarningCode, sentence: string) => warnings.push({ code, sentence });
  const area = width * height;
  const smallest = Math.min(...resolutions);
  const largest = Math.max(...resolutions);
  if (area < smallest ** 2)
    warn('small', `${width} x ${height} pixels are fewer than the smallest training size, ${smallest} x ${smallest}.`);
  else if (area < largest ** 2)
    warn(
      'below_target',
      `${width} x ${height} pixels are fewer than the largest training size, ${largest} x ${largest}.`,
    );
  const flatAndSoft = lumaP95 - lumaP5 > LIMITS.tileDetailSpread && tileDetail < LIMITS.softTileDetail;
  if (sharpness < LIMITS.softSharpness)
    warn('soft', `A little soft: sharpness ${sharpness.toFixed(2)}, ${LIMITS.softSharpness.toFixed(2)} is clear.`);
  else if (flatAndSoft)
    warn('soft', `A little soft: fine detail ${tileDetail.toFixed(0)}, ${LIMITS.softTileDetail} is clear.`);
  if (colourfulness < LIMITS.greyscaleColourfulness)
    warn('greyscale', `No colour (colourfulness ${colourfulness.toFixed(1)}): the training may learn grey.`);
  if (lumaP5 > LIMITS.blownP5) warn('blown', `Nearly everything is white: 95 % is above brightness ${lumaP5} of 255.`);
  if (barShare > LIMITS.barShare)
    warn('bars', `Bars cover ${percent(barShare)} of it; the training would learn them. Crop them off.`);
  if (measures.hadAlpha) warn('alpha_flattened', 'Its transparent parts were filled with white.');
  if (measures.hadProfile) warn('profile_converted', 'Its colours were converted from their own profile to sRGB.');
  return warnings;
}

/** What a photo in a set of one person needs beyond quality. */
export function personWarnings({ subjectKind }: CurationOptions, people: PeopleFindings | null): Warning[] {
  if (subjectKind !== 'person' || people === null) return [];
  if (people.faces.some(({ score }) => score >= LIMITS.faceScore)) return [];
  const body = people.person !== null && people.person.score >= LIMITS.personScore;
  return body
    ? [{ code: 'face_not_visible', sentence: 'A person without a visible face; a few such photos are fine.' }]
    : [{ code: 'no_face', sentence: 'Nobody was found in it.' }];
}

function percent(share: number): string {
  return `${(100 * share).toFixed(0)} %`;
}
