/** What the detectors saw in a photo, and how that is stored as JSON. */

/** Part of the key under which findings are kept: another detector or input must raise it. */
export const PEOPLE_VERSION = 'people-1';

/**
 * All lengths are shares of the upright picture's width or height, 0 to 1; a box may reach a little beyond the edge.
 */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export interface Face extends Box {
  /** 0 to 1. */
  readonly score: number;
}

export interface PeopleFindings {
  /** The highest first. */
  readonly faces: readonly Face[];
  /** Best scores of a knee and an ankle inside the picture, 0 to 1. */
  readonly knee: number;
  readonly ankle: number;
  /** The largest person; only looked for when no face was found. */
  readonly person: (Box & { readonly score: number }) | null;
}

export function encodeFindings(findings: PeopleFindings): Uint8Array {
  return Buffer.from(JSON.stringify(findings));
}

/** Findings read back from a cache; null for bytes that we did not write. */
export function decodeFindings(bytes: Uint8Array): PeopleFindings | null {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8')) as PeopleFindings;
  } catch {
    // A cache may contain anything: the photo is then examined again.
    return null;
  }
}
