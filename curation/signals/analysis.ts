/** What curation knows about a photo once the picture itself is gone, and how that is stored as JSON. */
import type { IntakeReason } from '../intake/reason.ts';
import type { Pixels } from '../intake/pictures.ts';
import type { Fingerprint } from './fingerprint.ts';

/** Part of the key under which results are kept: a change of what is measured must raise it. */
export const ANALYSER_VERSION = 'signals-3';

export interface PhotoMeasures {
  readonly status: 'decoded';
  /** Of the file. */
  readonly sizeBytes: number;
  /** Upright size of the original. */
  readonly width: number;
  readonly height: number;
  readonly hadAlpha: boolean;
  /** A colour profile other than sRGB was converted. */
  readonly hadProfile: boolean;
  readonly sharpness: number;
  readonly tileDetail: number;
  readonly lumaP5: number;
  readonly lumaP50: number;
  readonly lumaP95: number;
  readonly lumaP99: number;
  readonly colourfulness: number;
  /** 64 coarse colours, 0 to 255 each. */
  readonly colours: Uint8Array;
  readonly barShare: number;
  /** Even strips with a hard edge on any side. */
  readonly borderShare: number;
  /** Equal for files that show the same pixels in the same size. */
  readonly pixelHash: string;
  /** Null when the picture shows next to nothing. */
  readonly fingerprint: Fingerprint | null;
  /** Grey copy without bars, long side at most 256 px: what photos are compared on. */
  readonly grey: Pixels;
  /** Small upright JPEG. */
  readonly thumbnail: Uint8Array;
}

export type PhotoAnalysis =
  | PhotoMeasures
  | { readonly status: 'rejected'; readonly reason: IntakeReason; readonly message: string };

/** The analysis as bytes for a cache. */
export function encodeAnalysis(analysis: PhotoAnalysis): Uint8Array {
  return Buffer.from(JSON.stringify(analysis, packBytes));
}

/** An analysis read back from a cache; null for bytes that we did not write. */
export function decodeAnalysis(bytes: Uint8Array): PhotoAnalysis | null {
  try {
    const analysis = JSON.parse(Buffer.from(bytes).toString('utf8'), unpackBytes) as PhotoAnalysis;
    return hasItsBytes(analysis) ? analysis : null;
  } catch {
    // A cache may contain anything, for instance a file cut short by a full disk: the photo is then measured again.
    return null;
  }
}

/** Of the pictures in it, whose absence would only be noticed when the report is drawn, at every try again. */
function hasItsBytes(analysis: PhotoAnalysis): boolean {
  if (analysis.status === 'rejected') return true;
  const { thumbnail, grey, colours } = analysis;
  return [thumbnail, grey.data, colours].every((bytes: unknown) => bytes instanceof Uint8Array);
}

function packBytes(this: Readonly<Record<string, unknown>>, key: string, value: unknown): unknown {
  // Not `value`, which for a Buffer is what its toJSON makes of it; from a process of its own all bytes come as Buffers.
  const bytes = this[key];
  if (bytes instanceof Uint8Array) return { bytes: Buffer.from(bytes).toString('base64') };
  if (value instanceof Uint32Array) return { words: [...value] };
  return value;
}

function unpackBytes(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if ('bytes' in value) return new Uint8Array(Buffer.from(value.bytes as string, 'base64'));
  if ('words' in value) return Uint32Array.from(value.words as number[]);
  return value;
}
