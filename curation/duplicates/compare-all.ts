import type { Pixels } from '../intake/pictures.ts';
import type { Fingerprint } from '../signals/fingerprint.ts';
import { comparePhotos } from './compare.ts';
import type { Comparison } from './compare.ts';
import { prepareComparison } from './windows.ts';

export interface CompareTask {
  readonly photos: readonly { readonly grey: Pixels; readonly fingerprint: Fingerprint | null }[];
  /** This task takes every `of`-th photo, from `share` on, and compares it with all later ones. */
  readonly share: number;
  readonly of: number;
}

/** A pair of photos by their places in the list, the first before the second. */
export interface ComparedPair extends Comparison {
  readonly first: number;
  readonly second: number;
}

export interface ComparedShare {
  readonly pairs: readonly ComparedPair[];
}

/** Compares one share of all pairs. Takes 0.1 to 0.3 ms a pair, so it belongs into a thread. */
export function compareShare({ photos, share, of }: CompareTask): ComparedShare {
  const prepared = photos.map(({ grey, fingerprint }) => ({ fingerprint, comparison: prepareComparison(grey) }));
  const pairs: ComparedPair[] = [];
  for (let first = share; first < photos.length; first += of) {
    for (let second = first + 1; second < photos.length; second++)
      pairs.push({ first, second, ...comparePhotos(prepared[first]!, prepared[second]!) });
  }
  return { pairs };
}
