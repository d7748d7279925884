/** The codes of a report in words. */
import type { Framing } from '../../core/curation.ts';
import type { DropReason, PhotoReport, WarningCode } from './report.ts';

/** Reasons, repeats first; `many` where it differs from `one`. */
export const REASON_WORDS: Readonly<Record<DropReason, { readonly one: string; readonly many?: string }>> = {
  duplicate_exact: { one: 'exact duplicate', many: 'exact duplicates' },
  duplicate_near: { one: 'near duplicate', many: 'near duplicates' },
  crop_of: { one: 'crop of another', many: 'crops of others' },
  very_similar: { one: 'very similar' },
  too_small: { one: 'too small' },
  extreme_aspect: { one: 'too long and narrow' },
  blurry: { one: 'blurry' },
  too_dark: { one: 'too dark' },
  low_contrast: { one: 'low in contrast' },
  other_people: { one: 'with other people' },
  unreadable: { one: 'unreadable' },
  unsupported_format: { one: 'of an unsupported format' },
  animated: { one: 'animated' },
  too_large: { one: 'too large' },
  unsafe: { one: 'unsafe to open' },
  crashed: { one: 'fatal to the decoder' },
  excluded: { one: 'excluded by hand' },
  over_quota: { one: 'more than needed' },
};

export const WARNING_WORDS: Readonly<Record<WarningCode, string>> = {
  small: 'small',
  below_target: 'below target size',
  soft: 'soft',
  greyscale: 'greyscale',
  blown: 'blown out',
  bars: 'bars',
  alpha_flattened: 'transparency filled',
  profile_converted: 'colours converted',
  no_face: 'no face',
  face_not_visible: 'face not visible',
  framing_uncertain: 'framing uncertain',
  other_person: 'other person',
  caption_without_trigger: 'caption without trigger',
  caption_cut: 'caption cut',
  caption_empty: 'caption empty',
  caption_fell_back: 'caption from template',
  trigger_common_word: 'common trigger word',
};

export const FRAMING_WORDS: Readonly<Record<Framing, string>> = {
  portrait: 'Portrait',
  upper: 'Upper body',
  full: 'Full body',
};

export const DECISION_WORDS: Readonly<Record<PhotoReport['decision'], string>> = {
  keep: 'Kept',
  reserve: 'Reserve',
  drop: 'Dropped',
};

/** Control characters, halves of surrogate pairs and direction marks, which may be in a file name. */
const INVISIBLE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu;

/** Makes untrusted text safe to show: what would control a terminal or reorder a line becomes a visible mark. */
export function visible(text: string): string {
  return text.replace(INVISIBLE, '\ufffd');
}

/** `3,024`: whole numbers as people read them. */
export function grouped(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** `1 photo`, `2 photos`. */
export function counted(count: number, noun: string): string {
  return `${grouped(count)} ${noun}${count === 1 ? '' : 's'}`;
}
