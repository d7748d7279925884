/** Limits of an upload. A camera's largest JPEG is about 25 MB; 200 photos are four times what any trainer profits from. */
const MB = 1_000_000;

export const UPLOAD_LIMITS = {
  photoBytes: 30 * MB,
  /** Photos of one request, those in zips included. */
  photos: 200,
  zipBytes: 1_000 * MB,
  /** All bytes of one request. */
  requestBytes: 2_000 * MB,
  /** Curation cuts there too; text encoders see far less. */
  captionCharacters: 1_000,
  captionBytes: 8_000,
  /** Entries of one zip: room for photos, captions and the folders and junk that archivers add. */
  zipEntries: 2_000,
  /** All bytes of a zip, unpacked. */
  unpackedBytes: 2_000 * MB,
  /** Photos are compressed already; anything that shrinks more than this is no photo. */
  zipEntryRatio: 100,
  /** The same for all entries together, however small each is: a flat drawing as TIFF shrinks to a tenth. */
  zipRatio: 20,
  /** Below this the ratio of a whole zip says nothing: 2 MB of zip give 90 MB at most. */
  zipRatioFloorBytes: 50 * MB,
  filenameLength: 255,
} as const;
