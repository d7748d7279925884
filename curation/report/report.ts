import type { CurationOptions, Framing, PhotoOverride } from '../../core/curation.ts';
import type { IntakeReason } from '../intake/reason.ts';

/** Why a photo is not trained on. */
export type DropReason =
  | IntakeReason
  | 'too_small'
  | 'extreme_aspect'
  | 'too_dark'
  | 'low_contrast'
  | 'blurry'
  | 'other_people'
  /** The same pixels as a kept photo. */
  | 'duplicate_exact'
  /** A resized, re-encoded, mirrored or turned copy of a kept photo. */
  | 'duplicate_near'
  /** A part of a kept photo. */
  | 'crop_of'
  /** Not the same photo, but so close that it teaches nothing new. */
  | 'very_similar'
  /** A person said so. */
  | 'excluded'
  /** Good, but more than the mix or the maximum takes. */
  | 'over_quota';

/** What is not perfect about a photo that may still be trained on. */
export type WarningCode =
  | 'small'
  | 'below_target'
  | 'soft'
  | 'greyscale'
  | 'blown'
  | 'bars'
  | 'alpha_flattened'
  | 'profile_converted'
  | 'no_face'
  | 'face_not_visible'
  | 'framing_uncertain'
  | 'other_person'
  | CaptionWarningCode;

export type CaptionWarningCode =
  | 'caption_without_trigger'
  | 'caption_cut'
  | 'caption_empty'
  | 'caption_fell_back'
  | 'trigger_common_word';

export interface Warning {
  readonly code: WarningCode;
  /** One sentence with the numbers. */
  readonly sentence: string;
}

/** Raw values of a photo, as measured on the upright copy of at most 1,024 px; rounded for reading. */
export interface SignalValues {
  /** Share of fine detail that a second blur takes away, 0 to 1. */
  readonly sharpness: number;
  /** Mean variance of the Laplacian in the sharpest tiles. */
  readonly tileDetail: number;
  /** Percentiles of the luma, 0 to 255. */
  readonly lumaP5: number;
  readonly lumaP95: number;
  readonly lumaP99: number;
  /** Spread of the colours, 0 is grey. */
  readonly colourfulness: number;
  /** Share of the picture covered by bars of one colour, 0 to 1. */
  readonly barShare: number;
}

/** The most similar photo in the set. */
export interface Nearest {
  readonly id: string;
  /** Bits of 256 that differ between the fingerprints, in the best of eight orientations. */
  readonly bits: number;
  /** Correlation after alignment, -1 to 1; null when the two were too far apart to be aligned. */
  readonly match: number | null;
}

export interface FramingFinding {
  readonly framing: Framing;
  /** `uncertain` when face and pose disagree or the values are close to a limit. Look at these first. */
  readonly confidence: 'clear' | 'uncertain';
  readonly source: 'face' | 'person';
  /** (image height - top of face) / face height; null without a face. */
  readonly headsBelow: number | null;
  /** Face height / image height; null without a face. */
  readonly faceShare: number | null;
}

export interface CaptionFinding {
  readonly text: string;
  /** `person`: from the form, a text file or an override. */
  readonly source: 'person' | 'vision' | 'template';
}

/** The decision about one photo, as plain JSON. */
export interface PhotoReport {
  /** Id of the photo in the set, and hex SHA-256 of its bytes. */
  readonly id: string;
  readonly sha256: string;
  /** The file name that the person gave it. */
  readonly filename: string;
  /** `reserve`: good, but not needed for the mix. */
  readonly decision: 'keep' | 'reserve' | 'drop';
  /** Null when the photo is kept. */
  readonly reason: DropReason | null;
  /** One sentence with the numbers and, for a repeat, the other photo's name. */
  readonly sentence: string;
  readonly warnings: readonly Warning[];
  /** Upright size in pixels; null when the file could not be read. */
  readonly width: number | null;
  readonly height: number | null;
  readonly signals: SignalValues | null;
  /** How good the photo is by size, sharpness and colour, 0 to 1; null when it could not be judged. */
  readonly quality: number | null;
  /** The kept photo that this one repeats. */
  readonly duplicateOf: string | null;
  readonly nearest: Nearest | null;
  /** Number of the group of duplicates or very similar photos, from 1; null for a photo on its own. */
  readonly group: number | null;
  /** Faces that count (at least 40 % as high as the largest one); null when people were not looked for. */
  readonly faces: number | null;
  /**
   * Median distance of its face to those of the other photos, about 0.3 to 0.5 for one person; null when it was not
   * compared. The only thing that is stored from the identity check.
   */
  readonly identityDistance: number | null;
  readonly framing: FramingFinding | null;
  /**
   * Framing that counts: the override's, else the finding's; null in sets without framing or when nothing was found.
   */
  readonly countsAs: Framing | null;
  readonly override: PhotoOverride | null;
  /** For kept photos only. */
  readonly output: {
    /** `0001.jpg`; the caption goes beside it as `0001.txt`. */
    readonly filename: string;
    /** How many times an epoch shows it: AI Toolkit's `num_repeats` of its framing's folder. */
    readonly repeats: number;
    /** Size of the JPEG that is trained on, in pixels. */
    readonly width: number;
    readonly height: number;
    readonly caption: CaptionFinding;
  } | null;
}

/** One line of the mix: a framing, how many photos show it, and what the training sees of it. */
export interface MixLine {
  readonly framing: Framing;
  /** Percent. */
  readonly target: number;
  readonly kept: number;
  readonly repeats: number;
  /** Share of what the training sees after repeats, percent with one decimal. */
  readonly effective: number;
  /** Photos missing to reach the target with the present total; 0 when there are enough. */
  readonly missing: number;
}

/** A group of pictures that AI Toolkit will crop to one size. */
export interface Bucket {
  readonly resolution: number;
  readonly width: number;
  readonly height: number;
  readonly photos: number;
}

/** What the person can do to improve the set, most useful first. */
export interface Advice {
  readonly kind: 'add' | 'remove' | 'replace' | 'caption' | 'fine';
  /** "6 more upper-body photos would help." */
  readonly sentence: string;
  /** Ids of the photos it is about. */
  readonly photoIds: readonly string[];
}

export interface CurationReport {
  readonly rulesVersion: string;
  readonly analyserVersion: string;
  readonly options: CurationOptions;
  /** The resolutions and the side divisor that the training will use. */
  readonly training: { readonly resolutions: readonly number[]; readonly divisor: number };
  /** `blocked`: fewer than the minimum are left; `warnings`: it can be trained, look at the warnings and the plan. */
  readonly verdict: 'pass' | 'warnings' | 'blocked';
  readonly kept: number;
  readonly reserved: number;
  readonly dropped: number;
  /** Sorted by sha256, then file name, then id: the same photos in any order give the same report. */
  readonly photos: readonly PhotoReport[];
  /** Null for sets without framing. */
  readonly mix: readonly MixLine[] | null;
  readonly buckets: readonly Bucket[];
  /** About the set as a whole. */
  readonly warnings: readonly string[];
  readonly plan: readonly Advice[];
}
