/**
 * Every limit of curation, with where it comes from. Evidence: measurements on 168 different photos (14,028 pairs of different
 * photos) and a frozen held-out run, 2026-10; trainers' source code read 2026-08 (AI Toolkit 27a03a91).
 */

/** Part of every dataset's version: a change of a rule or of `preparePhoto` must raise it. */
export const RULES_VERSION = 'curation-1';

export const LIMITS = {
  /** Largest file. Bytes. A phone's photo has 2 to 12 MB. */
  maxFileBytes: 30 * 1024 * 1024,
  /** Most pixels. Stops bombs (a PNG of 900 MP fits into 100 KB); the largest phone cameras have 200 MP, medium format 100 to 150. */
  maxPixels: 100e6,
  /** Smallest area in pixels: half of 512 x 512, the smallest resolution that AI Toolkit trains at; it never enlarges. */
  minArea: (512 * 512) / 2,
  /** Smallest short side in pixels. Civitai's trainer wants 256 too. */
  minShortSidePx: 256,
  /** Fewest photos that a training takes (the founding documents' minimum). */
  minPhotos: 5,
  /**
   * Most differing bits of 256 between near duplicates. At 24: no false pair among 14,028; resized, re-encoded, mirrored and
   * turned copies found 0.99 to 1.00.
   */
  nearDuplicateBits: 24,
  /** Standard deviation of the luma (0 to 255) below which a picture shows too little for its hash to mean anything. */
  minHashContrast: 2,
  /** A photo that takes longer to decode is refused; 12 MP take 50 ms. Seconds. */
  decodeTimeoutSeconds: 20,
  /** Photos decoded at once: 4 gave 39.6 photos/s on two idle cores, 1 gave 22 to 25; each holds a file and a 1,024 px copy. */
  decodeConcurrency: 4,
  /** Long side of the copy that is measured. */
  workingSidePx: 1_024,
  /** Long side of what is trained on; AI Toolkit shrinks further itself. */
  preparedSidePx: 2_048,
  /** A user's caption. Characters; text encoders see far less. */
  maxCaptionLength: 1_000,
} as const;
