/** The sentences of the report that need more than one photo, or a person. */
import type { PhotoOverride } from '../core/curation.ts';
import type { Repeat } from './duplicates/find-repeats.ts';
import { LIMITS } from './limits.ts';
import type { PhotoMeasures } from './signals/analysis.ts';

/** "A crop of 0007.jpg (64 % of it): match 0.997, limit 0.985." */
export function duplicateSentence({ relation, bits, match, share, shows }: Repeat, other: string): string {
  const matched = match === null ? '' : `match ${match.toFixed(3)}`;
  switch (relation) {
    case 'exact':
      return `Exactly the same picture as ${other}.`;
    case 'crop':
      if (shows === 'more')
        return `Shows the same as ${other} and more around it, in less detail: ${matched}, limit ${LIMITS.copyMatch}.`;
      return `A crop of ${other} (${Math.round(100 * share)} % of it): ${matched}, limit ${LIMITS.copyMatch}.`;
    case 'copy':
      return bits <= LIMITS.copyBits
        ? `A copy of ${other}: ${bits} of 256 bits differ, limit ${LIMITS.copyBits}.`
        : `A copy of ${other}: ${matched}, limit ${LIMITS.copyMatch}.`;
    case 'similar':
      return `Nearly the same as ${other}: ${matched}, limit ${
        (match ?? 0) > LIMITS.similarMatch ? LIMITS.similarMatch : LIMITS.similarTurnedMatch
      }.`;
  }
}

export function keptSentence({ width, height, sharpness }: PhotoMeasures): string {
  return `Kept: ${width} x ${height} pixels, sharpness ${sharpness.toFixed(2)}, no copy among the others.`;
}

export function pinnedSentence({ by, why }: PhotoOverride, fault: string): string {
  return `Kept because ${by} pinned it${why === null ? '' : ` (${why})`}; the rules say: ${fault}`;
}
