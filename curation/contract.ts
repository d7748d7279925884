/** The input and output of curation. */
import type { Captioner } from '../core/captioner.ts';
import type { CurationOptions, PhotoOverride } from '../core/curation.ts';
import type { OpeningLog } from './openings/openings.ts';
import type { PreparedPhoto } from './prepare.ts';
import type { CurationReport } from './report/report.ts';

export interface PhotoToCurate {
  readonly id: string;
  /** Hex SHA-256 of the bytes. */
  readonly sha256: string;
  /** As the person named it; appears in the report's sentences. */
  readonly filename: string;
  /** The person's own caption. */
  readonly caption: string | null;
  readonly override: PhotoOverride | null;
  /** Gives the bytes. An error ends the curation: a failing store says nothing about a photo. */
  read(): Promise<Uint8Array>;
}

export interface TrainingFacts {
  readonly triggerWord: string;
  /** The training resolutions, as sides of square areas. Pixels. */
  readonly resolutions: readonly number[];
  /** Sides of a trained picture are multiples of this. */
  readonly divisor: number;
}

/** Keeps a photo's measurements, so that a second run need not decode it. Keys are safe as file names. */
export interface AnalysisCache {
  get(key: string): Promise<Uint8Array | null>;
  put(key: string, bytes: Uint8Array): Promise<void>;
}

export interface CurateInput {
  readonly photos: readonly PhotoToCurate[];
  readonly options: CurationOptions;
  readonly training: TrainingFacts;
  readonly cache: AnalysisCache | null;
  /** Knows the photos on which processes have died. Without it every photo is opened in this process. */
  readonly openings?: OpeningLog | undefined;
  /** Describes kept photos without a caption of their own; null: the template is used. */
  readonly captioner: Captioner | null;
  /** Checked between photos. */
  readonly signal?: AbortSignal | undefined;
  /** Called after each unit of work, for heartbeats: photos that were measured or read from the cache. */
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
}

/** Two photos that show the same thing, or nearly so. */
export interface SimilarPair {
  /** Ids, the better photo first. */
  readonly a: string;
  readonly b: string;
  readonly relation: 'exact' | 'copy' | 'crop' | 'similar';
  /** Bits of 256 that differ between the fingerprints. */
  readonly bits: number;
  /** Correlation after alignment; null for exact copies and when the two could not be aligned. */
  readonly match: number | null;
}

export interface CuratedSet {
  readonly report: CurationReport;
  /** By sha256: a small upright JPEG, long side 160 px, of every photo that could be decoded. */
  readonly thumbnails: ReadonlyMap<string, Uint8Array>;
  readonly pairs: readonly SimilarPair[];
}

/** Curates in its own threads, so that the caller's event loop stays free. */
export interface Curator {
  /** Decides for every photo whether it is trained on. A bad file is a decision, never an error. */
  curate(input: CurateInput): Promise<CuratedSet>;
  /**
   * Makes what goes to the pod of a photo that was kept. Throws for a photo that `curate` drops as unreadable, and CondemnedPhoto
   * for one on which processes die.
   */
  prepare(
    photo: Pick<PhotoToCurate, 'sha256' | 'read'>,
    options: Pick<CurateInput, 'openings' | 'signal'> & { readonly onWait?: () => void },
  ): Promise<PreparedPhoto>;
  /** Ends the threads. */
  stop(): Promise<void>;
}
