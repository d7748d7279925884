/** What a caller may decide about the curation of a dataset. */

/** Face and framing are examined for a person, never for a style or an object. */
export const SUBJECT_KINDS = ['person', 'style', 'object'] as const;
export type SubjectKind = (typeof SUBJECT_KINDS)[number];

/** How much of a person a photo shows: head and shoulders; waist-up with the face; the whole body. */
export const FRAMINGS = ['portrait', 'upper', 'full'] as const;
export type Framing = (typeof FRAMINGS)[number];

/**
 * How the mix of framings is brought towards the target: `weights` keeps all good photos and repeats the rarer classes,
 * `select` cuts the more common classes, `off` leaves the mix as it is.
 */
export const MIX_POLICIES = ['weights', 'select', 'off'] as const;
export type MixPolicy = (typeof MIX_POLICIES)[number];

export interface CurationOptions {
  readonly subjectKind: SubjectKind;
  readonly mixPolicy: MixPolicy;
  /**
   * Wanted shares in percent, adding up to 100. A soft target: photos are never dropped below the minimum for its sake.
   */
  readonly mixTarget: Readonly<Record<Framing, number>>;
  /** Fewest photos that a training needs. */
  readonly minPhotos: number;
  /** Most photos that are trained on; the best and most diverse are kept, the others are held in reserve. */
  readonly maxPhotos: number;
  /** How many photos are kept from a group of very similar ones. */
  readonly similarKept: number;
  /**
   * Compares the faces with each other and warns about a photo that probably shows another person. Biometric data, so
   * it is off unless requested, and only for a person; needs packages that are not installed by default.
   */
  readonly identityCheck: boolean;
}

export type CurationOptionsDraft = { readonly [Key in keyof CurationOptions]?: CurationOptions[Key] | undefined };

/**
 * A person's decision about one photo; it overrides every rule, except that an unreadable file stays unreadable.
 * Null leaves that point to the rules.
 */
export interface PhotoOverride {
  /** `pin`: always trained on, whatever the rules say; `exclude`: never trained on. */
  readonly decision: 'pin' | 'exclude' | null;
  readonly framing: Framing | null;
  readonly caption: string | null;
  /** Who said so, and why. */
  readonly by: string;
  readonly why: string | null;
}

/**
 * Defaults: the founding documents' mix (70 % face with upper body, 20 % portrait in the sense of close-up, 10 % full
 * body) and minimum of 5 photos. At most 30, their "optimal" count.
 */
const DEFAULTS: CurationOptions = {
  subjectKind: 'person',
  mixPolicy: 'weights',
  mixTarget: { portrait: 20, upper: 70, full: 10 },
  minPhotos: 5,
  maxPhotos: 30,
  similarKept: 1,
  identityCheck: false,
};

/** Limits of every option. 200 photos is the most that a dataset holds. */
const CURATION_OPTION_LIMITS = {
  minPhotos: { min: 1, max: 200 },
  maxPhotos: { min: 1, max: 200 },
  similarKept: { min: 1, max: 3 },
} as const;

/** Fills in what the caller left open. Call `curationOptionFaults` first: this trusts its input. */
export function resolveCurationOptions(draft: CurationOptionsDraft = {}): CurationOptions {
  const given = Object.fromEntries(Object.entries(draft).filter(([, value]) => value !== undefined));
  return { ...DEFAULTS, ...given };
}

/** Everything wrong with the options, one sentence each; empty when they are fine. */
export function curationOptionFaults(draft: CurationOptionsDraft): string[] {
  const faults: string[] = [];
  const options = resolveCurationOptions(draft);
  const oneOf = (name: string, value: string, allowed: readonly string[]) => {
    if (!allowed.includes(value)) faults.push(`${name} must be one of ${allowed.join(', ')}`);
  };
  oneOf('subjectKind', options.subjectKind, SUBJECT_KINDS);
  oneOf('mixPolicy', options.mixPolicy, MIX_POLICIES);
  for (const name of ['minPhotos', 'maxPhotos', 'similarKept'] as const) {
    const { min, max } = CURATION_OPTION_LIMITS[name];
    const value = options[name];
    if (!Number.isInteger(value) || value < min || value > max)
      faults.push(`${name} must be a whole number from ${min} to ${max}`);
  }
  if (typeof options.identityCheck !== 'boolean') faults.push('identityCheck must be true or false');
  else if (options.identityCheck && options.subjectKind !== 'person')
    faults.push('identityCheck needs subjectKind person');
  if (options.minPhotos > options.maxPhotos) faults.push('minPhotos must not be above maxPhotos');
  const shares = FRAMINGS.map((framing) => options.mixTarget[framing]);
  if (shares.some((share) => !Number.isInteger(share) || share < 0 || share > 100))
    faults.push('mixTarget must give portrait, upper and full as whole percentages from 0 to 100');
  else if (shares.reduce((sum, share) => sum + share, 0) !== 100) faults.push('mixTarget must add up to 100 percent');
  return faults;
}
