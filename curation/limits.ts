/**
 * Every limit of curation, with where it comes from. They are applied to raw values that are kept, so a change needs no
 * new decoding. Evidence: signals on 166 to 168 different photos (14,028 pairs of different photos) with planted
 * defects, framing on 136 photos labelled by hand, and frozen held-out runs, 2026-10; trainers' source code read
 * 2026-08 (AI Toolkit 27a03a91).
 */

/** Part of every dataset's version: a change of a rule or of `preparePhoto` must raise it. */
export const RULES_VERSION = 'curation-2';

export const LIMITS = {
  // Files.
  /** Largest file. Bytes. A phone's photo has 2 to 12 MB. */
  maxFileBytes: 30 * 1024 * 1024,
  /**
   * Most pixels. Stops bombs (a PNG of 900 MP fits into 100 KB); the largest phone cameras have 200 MP, medium format
   * 100 to 150.
   */
  maxPixels: 100e6,
  /**
   * The same for progressive JPEG and interlaced PNG, which must be held in memory as a whole: 99 MP took 441 and 493
   * MB (2026-11).
   */
  maxProgressivePixels: 50e6,
  /** The same for AVIF: 24 MP took 458 MB, 99 MP in a file of 46 KB 1.8 GB (2026-11-26). Phones take 12 and 24. */
  maxAvifPixels: 25e6,
  /**
   * Most bytes that a decoder must hold at once for one picture: 300 MB decoded stay below 450 MB in all (2026-11-26).
   */
  maxHeldBytes: 300e6,
  /**
   * Most pixels that are decoded at once; a larger picture is decoded alone. Four of 99 MP at once took 718 MB
   * (2026-11).
   */
  pixelsAtOnce: 60e6,
  /** A photo that takes longer to decode is rejected; 12 MP take 50 ms. Seconds. */
  decodeTimeoutSeconds: 20,

  // What stands around the pixels (docs/decisions/containers.md).
  /** Chunks or segments. A PNG of 30 MB in the usual pieces of 8 KiB has 3,840. */
  maxChunks: 100_000,
  /**
   * Colour profile, unpacked. Bytes. Those of cameras and screens have 0.5 to 10 KB, those of printing presses up to 3
   * MB.
   */
  maxProfileBytes: 4 * 1024 * 1024,
  /** EXIF data where the format sets no limit; a JPEG holds at most 64 KB. Bytes. */
  maxExifBytes: 1024 * 1024,
  /** Directories of a TIFF that are looked at, and tags of one. More than one picture is refused in any case. */
  maxPages: 100,
  maxTags: 4_096,
  /** Boxes of an AVIF, items, and pieces of items: a phone's photo of 50 MP is put together from 190 tiles. */
  maxBoxes: 10_000,
  maxItems: 1_000,
  maxPieces: 10_000,

  // Photos on which a process has died (docs/decisions/condemned-photos.md).
  /** Memory of a process that opens one photo alone: an AVIF of 24 MP takes 550 MB with all that Node needs. Bytes. */
  loneBytes: 1e9,
  /** Longest that it may take; decoding ends by itself after 20 s. Seconds. */
  loneSeconds: 120,

  // Working copies.
  /** Long side of the copy that is measured. Pixels. */
  workingSidePx: 1_024,
  /** Long side of the grey copy that photos are compared on. Pixels. */
  comparisonSidePx: 256,
  /** Long side of the picture in the report. Pixels. */
  thumbnailSidePx: 160,
  /** Long side of what is trained on; AI Toolkit shrinks further itself. Pixels. */
  preparedSidePx: 2_048,

  // Size and shape.
  /**
   * Smallest area in pixels: half of 512 x 512, the smallest resolution that AI Toolkit trains at; it never enlarges.
   */
  minArea: (512 * 512) / 2,
  /** Smallest short side in pixels. Civitai's trainer wants 256 too. */
  minShortSidePx: 256,
  /** Longest side ratio; beyond it a bucket shows a strip. */
  maxAspect: 3,

  // Light. Luma is 0 to 255; a percentile of 99 below 82 stands for a photo at a third of its light: 0.99 found, no
  // good one.
  tooDarkP99: 82,
  tooDarkP95: 60,
  /** Spread between the 5th and the 95th percentile of the luma. Contrast at a fifth: 1.00 found, no good one. */
  minLumaSpread: 50,
  /** 5th percentile of the luma above which everything is bright. Hits 27 % of strong overexposure: warns only. */
  blownP5: 242,
  /** Colourfulness (Hasler and Suesstrunk) below which a photo counts as grey. */
  greyscaleColourfulness: 4,
  /** Share of a picture covered by bars above which there is a warning. */
  barShare: 0.04,

  // Sharpness: share of fine detail that a second blur takes away. Gaussian sigma 2: 0.93 rejected, sigma 3: 1.00, good
  // ones 0.01.
  blurrySharpness: 0.42,
  softSharpness: 0.5,
  /** Mean variance of the Laplacian in the sharpest tiles; below, nothing in the picture is in focus. */
  blurryTileDetail: 25,
  softTileDetail: 70,
  /** Flat pictures have no detail to lose: the tile rule asks for this luma spread. */
  tileDetailSpread: 60,

  // Repeats.
  /**
   * Most differing bits of 256 between copies. At 24: no false pair among 14,028; resized, re-encoded, mirrored and
   * turned copies found 0.99 to 1.00.
   */
  copyBits: 24,
  /** Correlation after alignment above which two photos are the same one. Highest between different photos: 0.979. */
  copyMatch: 0.985,
  /**
   * Correlation of the detail alone that an aligned pair needs too. Of 75,855 pairs of different photos 28 matched
   * above 0.93 by their skies, all with 0.22 or less in common here; photos turned by 1.5 degrees have 0.68 and more
   * (2026-11).
   */
  detailMatch: 0.65,
  /** Share of the larger photo that the smaller one shows; below it is a crop, above a copy. */
  cropShare: 0.9,
  /** Correlation above which two photos teach nearly the same: above 0.93 only photos of one session were seen. */
  similarMatch: 0.93,
  /** The same for slightly turned photos: few bits of the 64-bit hash and a little less correlation. */
  similarBits64: 10,
  similarTurnedMatch: 0.9,
  /** Standard deviation of the luma (0 to 255) below which a picture shows too little for its hash to mean anything. */
  minHashContrast: 2,

  // People. Heights are those of BlazeFace's box, which is taller than chin to brow.
  /** Lowest score of a face that counts: found one face in each of 136 photos of one person. */
  faceScore: 0.5,
  /**
   * Height of a further face against the largest one from which it is a second person: 15 of 17 groups, no single
   * person.
   */
  secondFaceShare: 0.4,
  /** (Image height - face top) / face height, below: portrait. */
  portraitHeads: 1.9,
  /** Face height / image height, below: full body. */
  fullFaceShare: 0.2,
  /** Share of the image height above which a face box is doubtful: a cat's head reached 0.997. */
  faceFillsPicture: 0.95,
  /** Heads below which a face box reaches the lower edge, as a torso did that was mistaken for a face. */
  faceReachesEdge: 1.02,
  /** How close to these limits a photo counts as uncertain, as a share of the limit. */
  framingMargin: 0.08,
  /** Pose: scores from which an ankle or a knee is seen, and the heads below which legs cannot be in the picture. */
  ankleScore: 0.35,
  kneeScore: 0.45,
  legsHeads: 2.8,
  /** Below this share of the image height a face's box is measured again on an enlarged part. */
  smallFaceShare: 0.1,
  /** Score from which a body without a face counts as a person. */
  personScore: 0.5,

  // Identity, only when it is asked for: Euclidean distances between face-api's descriptors.
  /**
   * Median distance to the others above which a face is probably another person's: 632 of 633 strangers, 1 of 60 own.
   */
  otherPersonDistance: 0.6,
  /** With fewer faces there is no majority to be far from. */
  identityFaces: 5,

  // Choice.
  /**
   * Below this a set is trained with a warning; published guides ask for 10 or more (facts of 2026-10: Replicate, fal).
   */
  fewPhotos: 10,
  /** The size that a set should grow to. */
  goodPhotos: 20,
  /** Most repeats of a folder per epoch. */
  maxRepeats: 4,
  /** A user's caption. Characters; text encoders see far less. */
  maxCaptionLength: 1_000,
} as const;
