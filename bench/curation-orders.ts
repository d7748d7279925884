/** The messages between the measuring process and the one that looks at photos. */
import type { SimilarPair } from '../curation/contract.ts';
import type { SubjectKind } from '../core/curation.ts';

export type Order =
  /** Decodes and shrinks the photos with bare sharp, nothing else. */
  | { readonly kind: 'decode'; readonly folder: string }
  /** Curates them; `pairsOf`: how many photos at most are compared afterwards, measured already; null: none. */
  | {
      readonly kind: 'curate';
      readonly folder: string;
      readonly subjectKind: SubjectKind;
      readonly pairsOf: number | null;
    };

export interface Decoded {
  readonly ms: number;
  /** Time on all cores; neighbours move it less than `ms`. */
  readonly cpuMs: number;
  readonly peakBytes: number;
}

export interface Curated {
  /** Until the first photo was measured: the threads begin, models are loaded. Part of `measureMs`. */
  readonly firstMs: number;
  /** Until the last photo was measured. */
  readonly measureMs: number;
  /** Time on all cores until then. */
  readonly cpuMs: number;
  /** `measureMs` and comparing, deciding, reporting. */
  readonly wholeMs: number;
  /** Peak resident memory of the process, including its threads. */
  readonly peakBytes: number;
  readonly photos: number;
  /** How many of these files could not be read. */
  readonly unreadable: number;
  readonly meanMegapixels: number;
  /** By file name. */
  readonly similar: readonly SimilarPair[];
  readonly pairs: Compared | null;
}

export interface Compared {
  readonly photos: number;
  readonly pairsMs: number;
  readonly decideMs: number;
}

/** The answer to an order. */
export interface Outcomes {
  readonly decode: Decoded;
  readonly curate: Curated;
}
